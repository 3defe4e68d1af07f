"""The store of accounts: the same cases for the fake and for PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from services.auth.adapters.postgres_accounts import _FIND, PostgresAccounts
from services.auth.adapters.tables import totp_factors
from services.auth.domain.account import Account, AccountStatus, username_key
from shared.postgres import migrate, postgres_answers, postgres_engine
from shared.unavailable import DependencyUnavailable
from tests.contracts.auth.database import MIGRATIONS
from tests.fakes import NOW, FakeAccounts
from tests.unit.auth.samples import account
from tests.wait_until import wait_until

Store = PostgresAccounts | FakeAccounts


@pytest.fixture(params=["fake", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    return FakeAccounts() if request.param == "fake" else PostgresAccounts(request.getfixturevalue("engine"))


def new_account(**changes: object) -> tuple[str, Account]:
    """With a username that nobody has."""
    return f"Kim-{uuid4()}", account(id=uuid4(), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sso": True},
        {"own_mfa": True, "status": AccountStatus.LOCKED},
        {"registered_at": datetime(2026, 11, 1, 12, 30, tzinfo=UTC)},
        {"password_hash": None, "region": "nowhere", "locale": "pt-BR", "email": "zoë@customer.example"},
    ],
    ids=str,
)
async def test_what_was_added_is_found(store: Store, changes: dict[str, object]) -> None:
    username, added = new_account(**changes)

    assert await store.add(added, username)
    assert await store.find(username_key(username)) == added
    assert await store.find_by_id(added.id) == added


async def test_an_id_that_nobody_has_is_not_found(store: Store) -> None:
    assert await store.find_by_id(uuid4()) is None


async def test_a_hash_is_replaced_only_where_the_old_one_still_stands(store: Store) -> None:
    username, added = new_account()
    other_username, other = new_account()
    await store.add(added, username)
    await store.add(other, other_username)

    assert await store.replace_hash(added.id, "hash:right", "hash:new")
    assert not await store.replace_hash(added.id, "hash:right", "hash:late")
    assert not await store.replace_hash(uuid4(), "hash:right", "hash:late")
    assert await store.find(username_key(username)) == replace(added, password_hash="hash:new")
    assert await store.find(username_key(other_username)) == other


@pytest.mark.parametrize(("state", "enrolled"), [("pending", False), ("confirmed", True)])
async def test_an_app_counts_once_it_is_confirmed(engine: AsyncEngine, state: str, enrolled: bool) -> None:
    username, added = new_account()
    store = PostgresAccounts(engine)
    await store.add(added, username)
    factor = {"account_id": added.id, "state": state, "secret": b"sealed", "created_at": NOW}
    async with engine.connect() as connection:
        await connection.execute(totp_factors.insert().values(factor))

    found = await store.find(username_key(username))
    assert found == await store.find_by_id(added.id) == replace(added, totp=enrolled)


async def test_a_name_that_nobody_has_is_not_found(store: Store) -> None:
    for key in ("nobody", "", "' OR 1=1 --", "%", "\U0001f511", "a" * 5000):
        assert await store.find(key) is None


async def test_a_name_that_nobody_has_is_as_much_work_as_another(engine: AsyncEngine) -> None:
    """Deterministic where tests/integration/auth/test_unknown_user.py looks at the clock: 50 µs hide in its noise."""
    username, added = new_account()
    await PostgresAccounts(engine).add(added, username)
    shapes = []
    async with engine.connect() as connection:
        for key in (username_key(username), "nobody"):
            (row,) = (await connection.execute(_FIND, {"key": key})).mappings()
            shapes.append({name: type(value) for name, value in row.items() if name != "password_hash"})

    assert shapes[0] == shapes[1]


async def test_the_same_name_in_another_spelling_is_not_added_again(store: Store) -> None:
    username, added = new_account()
    await store.add(added, username)

    assert not await store.add(replace(added, id=uuid4(), region="apac"), f" {username.upper()} ")
    assert await store.find(username_key(username)) == added


async def test_of_many_at_once_with_one_name_one_is_added(store: Store) -> None:
    username, first = new_account()
    added = await asyncio.gather(*(store.add(replace(first, id=uuid4()), username) for _ in range(10)))

    assert sum(added) == 1


async def test_names_that_only_look_alike_are_two(store: Store) -> None:
    username, one = new_account()
    lookalike = username.replace("i", "ı", 1)
    await store.add(one, username)

    assert await store.add(replace(one, id=uuid4()), lookalike)


async def test_migrating_again_and_by_several_at_once_changes_nothing(postgres_url: str, engine: AsyncEngine) -> None:
    store = PostgresAccounts(engine)
    username, added = new_account()
    await store.add(added, username)
    await asyncio.gather(*(asyncio.to_thread(migrate_apart, postgres_url) for _ in range(2)))

    assert await store.find(username_key(username)) == added


def migrate_apart(url: str) -> None:
    """Alembic's context is one per process: as two instances would do it."""
    import subprocess
    import sys

    code = f"from pathlib import Path; from shared.postgres import migrate; migrate(Path({str(MIGRATIONS)!r}), {url!r})"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


async def test_what_the_database_refuses_comes_through_without_its_parameters(engine: AsyncEngine) -> None:
    store = PostgresAccounts(engine)
    username, added = new_account(email="canary@customer.example\x00")

    with pytest.raises(DBAPIError) as caught:
        await store.add(added, username)
    assert "canary" not in str(caught.value)


async def test_while_postgresql_is_away_it_is_unavailable_and_afterwards_all_goes_on(server_directory: Path) -> None:
    logs = server_directory / "logs" / "postgres-own"
    server = Postgres(server_directory / "postgres-own", free_port(), logs, databases=("auth",))
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(migrate, MIGRATIONS, server.url("auth"))
    engine = postgres_engine(server.url("auth"), autocommit=True)
    store = PostgresAccounts(engine)
    username, added = new_account()
    await store.add(added, username)
    await asyncio.to_thread(server.kill)

    for _ in range(3):
        with pytest.raises(DependencyUnavailable) as caught:
            await store.find(username_key(username))
        assert caught.value.dependency == "postgres"
        with pytest.raises(DependencyUnavailable):
            await store.add(*reversed(new_account()))  # type: ignore[arg-type]
    with pytest.raises(Exception):  # noqa: B017 - whatever it is, readiness takes it for a no
        await postgres_answers(engine)

    await asyncio.to_thread(server.start)

    async def found() -> bool:
        return await store.find(username_key(username)) == added

    await wait_until(found)
    await engine.dispose()
    await asyncio.to_thread(server.close)


async def test_a_postgresql_that_hangs_is_given_up(server_directory: Path) -> None:
    logs = server_directory / "logs" / "postgres-hung"
    server = Postgres(server_directory / "postgres-hung", free_port(), logs, databases=("auth",))
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(migrate, MIGRATIONS, server.url("auth"))
    engine = postgres_engine(server.url("auth"), autocommit=True)
    store = PostgresAccounts(engine)
    await store.find("nobody")
    server.pause()
    async with asyncio.timeout(10):
        for _ in range(2):
            with pytest.raises(DependencyUnavailable):
                await store.find("nobody")
    server.resume()

    async def answers() -> bool:
        return await store.find("nobody") is None

    await wait_until(answers)
    await engine.dispose()
    await asyncio.to_thread(server.close)
