"""A hash that is not ours is replaced behind a login that was right."""

import asyncio
from dataclasses import dataclass, field, replace

from services.auth.use_cases.refresh_hash import AT_ONCE, RefreshHash
from shared.unavailable import DependencyUnavailable
from tests.fakes import FakeAccounts, FakePasswords
from tests.unit.auth.samples import account

OLD = account(password_hash="$2b$12$old")


@dataclass
class SlowPasswords(FakePasswords):
    """Hashes once `gate` is open; `hashed` are the passwords."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    hashed: list[str] = field(default_factory=list)

    async def hash(self, password: str) -> str:
        self.hashed.append(password)
        await self.gate.wait()
        return await super().hash(password)


async def stored(accounts: FakeAccounts) -> str | None:
    found = await accounts.find("kim")
    return found.password_hash if found else None


async def test_a_hash_of_another_scheme_is_replaced_and_the_login_does_not_wait() -> None:
    accounts, passwords = FakeAccounts(), SlowPasswords()
    await accounts.add(OLD, "kim")
    refresh = RefreshHash(accounts, passwords)
    refresh(OLD, "right")
    assert await stored(accounts) == "$2b$12$old"
    passwords.gate.set()
    await refresh.settle()

    assert await stored(accounts) == "hash:right"


async def test_a_hash_of_ours_is_left_alone_and_so_is_an_account_without_one() -> None:
    passwords = SlowPasswords()
    refresh = RefreshHash(FakeAccounts(), passwords)
    refresh(account(), "right")
    refresh(account(password_hash=None), "right")
    await refresh.settle()

    assert passwords.hashed == []


async def test_a_password_that_was_changed_meanwhile_stays() -> None:
    accounts, passwords = FakeAccounts(), SlowPasswords()
    await accounts.add(OLD, "kim")
    refresh = RefreshHash(accounts, passwords)
    refresh(OLD, "right")
    await accounts.replace_hash(OLD.id, "$2b$12$old", "hash:changed")
    passwords.gate.set()
    await refresh.settle()

    assert await stored(accounts) == "hash:changed"


async def test_a_store_that_is_away_costs_nobody_a_login() -> None:
    class Away(FakeAccounts):
        async def replace_hash(self, *_: object) -> bool:
            raise DependencyUnavailable("postgres")

    refresh = RefreshHash(Away(), FakePasswords())
    refresh(OLD, "right")
    await refresh.settle()


async def test_only_so_many_passwords_wait_in_memory_and_a_place_is_free_again_afterwards() -> None:
    passwords = SlowPasswords()
    refresh = RefreshHash(FakeAccounts(), passwords)
    for number in range(AT_ONCE + 3):
        refresh(replace(OLD), f"right-{number}")
    passwords.gate.set()
    await refresh.settle()
    assert len(passwords.hashed) == AT_ONCE

    refresh(OLD, "later")
    await refresh.settle()
    assert passwords.hashed[-1] == "later"
