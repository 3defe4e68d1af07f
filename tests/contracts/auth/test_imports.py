"""The checkpoints of imports: the same cases for the fake and for PostgreSQL."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_imports import PostgresImports
from services.auth.adapters.tables import audit
from services.auth.domain.account import Account, username_key
from services.auth.domain.account_import import BadLine, ImportProgress
from services.auth.use_cases.import_accounts import Batch
from tests.fakes import NOW, FakeAccounts
from tests.unit.auth.fake_imports import FakeImports
from tests.unit.auth.samples import account

Store = PostgresImports | FakeImports


@pytest.fixture(params=["fake", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    return FakeImports() if request.param == "fake" else PostgresImports(request.getfixturevalue("engine"))


@pytest.fixture
def import_id() -> str:
    return f"import-{uuid4()}"


def accounts_of(store: Store) -> PostgresAccounts | FakeAccounts:
    return store.accounts if isinstance(store, FakeImports) else PostgresAccounts(store._engine)


def new_accounts(count: int) -> list[tuple[Account, str]]:
    return [(account(id=uuid4(), registered_at=NOW), f"Kim-{uuid4()}") for _ in range(count)]


def batch(lines: int, *bad: BadLine) -> Batch:
    return Batch(lines, lines * 100, bad=list(bad))


async def taken(store: Store, import_id: str, *batches: tuple[Batch, list[tuple[Account, str]]]) -> ImportProgress:
    progress = await store.begin(import_id, "cli", NOW)
    for each, accounts in batches:
        after = await store.take(import_id, progress, each, accounts)
        assert after is not None
        progress = after
    return progress


async def test_an_import_begins_at_nothing_and_once(store: Store, import_id: str) -> None:
    assert await store.find(import_id) is None
    assert await store.begin(import_id, "cli", NOW) == await store.begin(import_id, "cli", NOW) == ImportProgress()
    assert await store.find(import_id) == ImportProgress()


async def test_a_batch_is_there_with_its_checkpoint(store: Store, import_id: str) -> None:
    new = new_accounts(3)
    progress = await taken(store, import_id, (batch(4, BadLine(2, ("email", "region"))), new))

    assert progress == ImportProgress(lines=4, bytes=400, added=3, bad=1)
    assert await store.find(import_id) == await store.begin(import_id, "cli", NOW) == progress
    assert await store.problems(import_id, 0, 10) == [BadLine(2, ("email", "region"))]
    for added, username in new:
        assert await accounts_of(store).find(username_key(username)) == added


async def test_who_is_there_stays_as_they_are_and_the_first_of_two_in_one_batch_counts(
    store: Store, import_id: str
) -> None:
    (there, username), (twin, twin_name) = new_accounts(2)
    await accounts_of(store).add(there, username)
    again = [(replace(twin, region="apac"), f" {name.upper()} ") for name in (username, twin_name)]
    progress = await taken(store, import_id, (batch(3), [(twin, twin_name), *again]))

    assert (progress.added, progress.present) == (1, 2)
    assert await accounts_of(store).find(username_key(username)) == there
    assert await accounts_of(store).find(username_key(twin_name)) == twin


async def test_a_batch_of_nothing_but_bad_lines_moves_it_too(store: Store, import_id: str) -> None:
    assert await taken(store, import_id, (batch(1, BadLine(1, ("line",))), [])) == ImportProgress(1, 100, bad=1)


async def test_only_who_knows_where_it_stands_goes_on(store: Store, import_id: str) -> None:
    begun = await store.begin(import_id, "cli", NOW)
    await taken(store, import_id, (batch(1), new_accounts(1)))
    ((late, username),) = new_accounts(1)

    assert await store.take(import_id, begun, batch(1, BadLine(1, ("line",))), [(late, username)]) is None
    assert await store.finish(import_id, begun, "cli", NOW) is None
    assert await accounts_of(store).find(username_key(username)) is None
    assert await store.problems(import_id, 0, 10) == []
    assert await store.find(import_id) == ImportProgress(1, 100, added=1)


async def test_of_many_that_go_on_at_once_one_does(store: Store) -> None:
    for _ in range(5):  # in the first round the connections are made, and nobody meets anybody
        import_id = f"import-{uuid4()}"
        begun = await store.begin(import_id, "cli", NOW)
        calls = (store.take(import_id, begun, batch(20), new_accounts(20)) for _ in range(5))
        after = [each for each in await asyncio.gather(*calls) if each]

        assert after == [ImportProgress(20, 2_000, added=20)]
        assert await store.find(import_id) == after[0]


async def test_two_imports_of_the_same_people_in_different_order_both_end(store: Store) -> None:
    for _ in range(3):
        new = new_accounts(4_000)  # a statement of 100 ms: without an order of its own each waits for the other
        one, other = f"import-{uuid4()}", f"import-{uuid4()}"
        both = await asyncio.gather(
            taken(store, one, (batch(4_000), new)), taken(store, other, (batch(4_000), [*reversed(new)]))
        )
        assert sum(each.added for each in both) == 4_000


async def test_bad_lines_come_in_pages(store: Store, import_id: str) -> None:
    bad = [BadLine(number, ("email",)) for number in range(1, 8)]
    await taken(store, import_id, (batch(7, *bad), []))

    assert await store.problems(import_id, 0, 3) == bad[:3]
    assert await store.problems(import_id, 3, 3) == bad[3:6]
    assert await store.problems(import_id, 7, 3) == []
    assert await store.problems("import-unknown", 0, 3) == []


async def test_its_end_is_audited_once_with_the_counts(engine: AsyncEngine, import_id: str) -> None:
    store = PostgresImports(engine)
    progress = await taken(store, import_id, (batch(3, BadLine(1, ("line",))), new_accounts(2)))
    finished = await store.finish(import_id, progress, "operator:kim", NOW)

    assert finished == replace(progress, finished=True)
    assert await store.finish(import_id, finished, "operator:lee", NOW) == finished
    async with engine.connect() as connection:
        entries = (await connection.execute(sa.select(audit).where(audit.c.action == "accounts-imported"))).all()
    told = [(entry.actor, entry.detail, entry.at) for entry in entries if entry.detail["import_id"] == import_id]
    counts = {"import_id": import_id, "lines": 3, "added": 2, "present": 0, "bad": 1}
    assert told == [("operator:kim", counts, NOW)]


async def test_who_begins_or_goes_on_is_audited_though_it_never_ends(engine: AsyncEngine, import_id: str) -> None:
    store = PostgresImports(engine)
    begun = await store.begin(import_id, "operator:kim", NOW)
    progress = await store.take(import_id, begun, batch(3), new_accounts(3))
    assert progress is not None
    await store.begin(import_id, "cli", NOW)
    await store.finish(import_id, progress, "cli", NOW)
    await store.begin(import_id, "operator:lee", NOW)  # nothing is left to do

    async with engine.connect() as connection:
        entries = (await connection.execute(sa.select(audit).where(audit.c.action == "import-begun"))).all()
    told = [(entry.actor, entry.detail, entry.at) for entry in entries if entry.detail["import_id"] == import_id]
    assert told == [
        ("operator:kim", {"import_id": import_id, "from_line": 0}, NOW),
        ("cli", {"import_id": import_id, "from_line": 3}, NOW),
    ]


async def test_a_batch_that_fails_leaves_nothing(engine: AsyncEngine, import_id: str) -> None:
    store = PostgresImports(engine)
    begun = await store.begin(import_id, "cli", NOW)
    good, (bad, name) = new_accounts(2)
    with pytest.raises(DBAPIError) as caught:
        await store.take(import_id, begun, batch(2), [good, (replace(bad, email="canary\x00"), name)])

    assert "canary" not in str(caught.value)
    assert await store.find(import_id) == begun
    assert await PostgresAccounts(engine).find(username_key(good[1])) is None
