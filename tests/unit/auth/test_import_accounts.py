"""Accounts line by line: broken off anywhere, it goes on there, and nothing is counted twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest

from services.auth.domain.account_import import BadLine, ImportProgress
from services.auth.use_cases.import_accounts import BATCH_LINES, BATCH_PASSWORDS, ImportAccounts, ImportOvertaken
from tests.fakes import NOW, FakePasswords
from tests.unit.auth.fake_imports import FakeImports

GOOD = {"username": "kim", "password": "right", "email": "kim@customer.example", "region": "emea"}
HASH = "$2b$12$abcdefghijklmnopqrstuu" + "A" * 30 + "C"


class BrokenOff(Exception):
    pass


@dataclass
class Run:
    """Imports `content`; `told` is what it told."""

    imports: FakeImports = field(default_factory=FakeImports)
    passwords: FakePasswords = field(default_factory=FakePasswords)
    hash_at_once: int = 2
    told: list[ImportProgress] = field(default_factory=list)

    async def __call__(self, content: bytes, stop_after: int | None = None) -> ImportProgress | ImportOvertaken:
        """`stop_after` so many bytes, in the middle of a line perhaps, the source breaks."""

        async def chunks() -> AsyncIterator[bytes]:
            for at in range(0, len(content), 100):
                if stop_after is not None and at >= stop_after:
                    raise BrokenOff
                yield content[at : at + 100]

        importing = ImportAccounts(self.imports, self.passwords, uuid4, lambda: NOW, self.hash_at_once)
        return await importing("import-1", "cli", chunks(), self.told.append)


def line(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode() + b"\n"


def hashed(names: Sequence[str]) -> bytes:
    return b"".join(line(username=name, password=None, password_hash=HASH) for name in names)


async def test_each_line_becomes_an_account() -> None:
    run = Run()
    lee = line(username="lee", password=None, password_hash=HASH, sso=True, own_mfa=True, status="locked",
               locale="pt-BR", registered_at="2026-11-24T09:00:00Z")  # fmt: skip
    done = await run(line() + lee)
    first, second = await run.imports.accounts.find("kim"), await run.imports.accounts.find("lee")

    assert done == ImportProgress(lines=2, bytes=len(line() + lee), added=2, finished=True)
    assert first is not None
    assert second is not None
    assert (first.email, first.region, first.locale, first.password_hash, first.registered_at) == (
        "kim@customer.example", "emea", "en", "hash:right", None,
    )  # fmt: skip
    assert (second.sso, second.own_mfa, second.status, second.locale) == (True, True, "locked", "pt-BR")
    assert (second.password_hash, second.registered_at) == (HASH, NOW)


async def test_an_account_may_be_without_a_password() -> None:
    run = Run()
    await run(line(password=None))
    kim = await run.imports.accounts.find("kim")

    assert kim is not None
    assert kim.password_hash is None


async def test_a_username_that_is_there_stays_as_it_is_also_within_one_file() -> None:
    run = Run()
    done = await run(line() + line(username="KIM", region="apac"))
    kim = await run.imports.accounts.find("kim")

    assert isinstance(done, ImportProgress)
    assert (done.added, done.present) == (1, 1)
    assert kim is not None
    assert kim.region == "emea"


async def test_a_bad_line_is_kept_by_number_and_field_and_stops_nothing() -> None:
    run = Run()
    done = await run(line() + line(email="kim") + b"{\n\n" + line(username="lee"))

    assert isinstance(done, ImportProgress)
    assert (done.lines, done.added, done.bad) == (5, 2, 3)
    assert run.imports.bad["import-1"] == [BadLine(2, ("email",)), BadLine(3, ("line",)), BadLine(4, ("line",))]


@pytest.mark.parametrize("stop_after", [0, 50_000, 150_000, 250_000, 399_900])
async def test_broken_off_anywhere_it_goes_on_there_and_the_counts_are_exact(stop_after: int) -> None:
    names = [f"user-{number}" for number in range(2_500)]
    content = hashed(names).replace(b'"username": "user-77"', b'"username": ""')
    run = Run()
    with pytest.raises(BrokenOff):
        await run(content, stop_after)
    again = Run(run.imports)
    done = await again(content)

    assert done == ImportProgress(2_500, len(content), added=2_499, bad=1, finished=True)
    assert run.imports.bad["import-1"] == [BadLine(78, ("username",))]
    assert again.told[0] == run.told[-1]
    assert [told.lines % BATCH_LINES for told in (*run.told, *again.told[:-1])] == [0] * (
        len(run.told + again.told) - 1
    )


async def test_what_is_finished_is_recorded_once() -> None:
    run = Run()
    once = await run(line())
    twice = await run(line())

    assert once == twice
    assert run.imports.finished == [("import-1", "cli")]


async def test_an_import_that_somebody_else_went_on_with_stops() -> None:
    class Overtaking(FakeImports):
        async def begin(self, *arguments: object) -> ImportProgress:
            begun = ImportProgress()
            self.progress["import-1"] = replace(begun, lines=1)
            return begun

    run = Run(Overtaking())

    assert isinstance(await run(line()), ImportOvertaken)
    assert await run.imports.accounts.find("kim") is None
    assert isinstance(await run(b""), ImportOvertaken)
    assert run.imports.finished == []


async def test_passwords_are_hashed_so_many_at_once_and_batches_of_them_are_small() -> None:
    @dataclass
    class Counting(FakePasswords):
        now: int = 0
        most: int = 0

        async def hash(self, password: str) -> str:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now -= 1
            return await super().hash(password)

    passwords = Counting()
    run = Run(passwords=passwords, hash_at_once=3)
    await run(b"".join(line(username=f"user-{number}") for number in range(BATCH_PASSWORDS * 2)))

    assert passwords.most == 3
    assert [told.lines for told in run.told] == [0, BATCH_PASSWORDS, 2 * BATCH_PASSWORDS]
