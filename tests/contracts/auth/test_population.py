"""Accounts counted by PostgreSQL, account by account beside what a login computes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_population import PostgresCountingTurns, PostgresPopulation
from services.auth.adapters.tables import accounts, totp_factors
from services.auth.domain.account import AccountStatus
from services.auth.domain.population import PopulationPage, PopulationTally
from services.auth.domain.region_policy import cohort_of
from services.auth.use_cases.count_population import FIRST
from shared.mail_address import is_address
from shared.postgres import postgres_engine
from shared.unavailable import DependencyUnavailable
from tests.contracts.auth.database import new_account
from tests.fakes import NOW

SALT = "Zm9vYmFyYmF6cXV4"


@pytest.fixture(scope="module")
async def turns(postgres_url: str, engine: AsyncEngine) -> AsyncIterator[PostgresCountingTurns]:
    made = PostgresCountingTurns(postgres_url)
    yield made
    await made.close()


@pytest.fixture
async def counting(turns: PostgresCountingTurns) -> AsyncIterator[PostgresPopulation]:
    async with turns.lead() as found:
        assert found is not None
        yield found


@pytest.fixture
def region() -> str:
    return f"r{uuid4().hex[:12]}"


async def add_many(engine: AsyncEngine, region: str, ids: list[UUID]) -> None:
    rows = [
        {"id": each, "username": str(each), "username_key": str(each), "email": f"{each}@customer.example"}
        | {"region": region, "locale": "de", "status": "active"}
        for each in ids
    ]
    async with engine.connect() as connection:
        await connection.execute(sa.insert(accounts), rows)


async def pages(counting: PostgresPopulation, region: str, limit: int, salt: str = SALT) -> list[PopulationPage]:
    found, after = [], FIRST
    while True:
        found.append(await counting.page(region, salt, after, limit))
        if (last := found[-1].last) is None:
            return found
        after = last


async def test_the_cohort_is_that_of_a_login_for_each_account(
    engine: AsyncEngine, counting: PostgresPopulation, region: str
) -> None:
    ids = [uuid4() for _ in range(2_000)]
    await add_many(engine, region, ids)
    for salt in (SALT, "ein längeres Salz, 日本"):
        for account_id in ids:
            before = UUID(int=account_id.int - 1)
            page = await counting.page(region, salt, before, 1)
            assert page.last == account_id
            assert page.cohorts == [cohort_of(salt, account_id)]


async def test_pages_hold_each_account_once(engine: AsyncEngine, counting: PostgresPopulation, region: str) -> None:
    ids = sorted(uuid4() for _ in range(250))
    await add_many(engine, region, ids)
    await add_many(engine, f"{region}-2", [uuid4() for _ in range(10)])
    found = await pages(counting, region, 100)
    assert [each.last for each in found] == [ids[99], ids[199], ids[249], None]
    assert sorted(cohort for page in found for cohort in page.cohorts) == sorted(cohort_of(SALT, each) for each in ids)


async def test_an_account_is_in_the_first_group_that_a_login_would_look_at(
    engine: AsyncEngine, counting: PostgresPopulation, region: str
) -> None:
    async def enrol(account_id: UUID, state: str) -> None:
        row = {"account_id": account_id, "state": state, "secret": b"s", "created_at": datetime.now(UTC)}
        async with engine.connect() as connection:
            await connection.execute(sa.insert(totp_factors).values(row))

    await enrol(await new_account(engine, region=region, sso=True, status=AccountStatus.LOCKED), "confirmed")
    await enrol(await new_account(engine, region=region, status=AccountStatus.LOCKED, own_mfa=True), "confirmed")
    await enrol(await new_account(engine, region=region, own_mfa=True), "confirmed")
    await new_account(engine, region=region, own_mfa=True)
    pending = await new_account(engine, region=region)
    await enrol(pending, "pending")

    page = await counting.page(region, SALT, FIRST, 100)

    assert (page.sso, page.locked, page.totp, page.own_mfa) == (1, 1, 1, 1)
    assert page.cohorts == [cohort_of(SALT, pending)]


@pytest.mark.parametrize(
    "address",
    ["kim@customer.example", "käthe@münchen.example", "o'neil@customer.example", "nobody", "", "a@b@c", "a b@c.example",
     "a@b.example,c@d.example", "Kim <kim@customer.example>", "kim@customer.example\n", "a\u202eb@c.example",
     "x" * 65 + "@c.example", "x@" + "y" * 256],
)  # fmt: skip
async def test_an_address_is_unusable_where_the_notifier_would_refuse_it(
    engine: AsyncEngine, counting: PostgresPopulation, region: str, address: str
) -> None:
    account_id = await new_account(engine, region=region, email=address)
    tally = PopulationTally(region, SALT, NOW)
    tally.add(await counting.page(region, SALT, FIRST, 10))
    counted = tally.counted()
    assert counted.concerned == 1
    assert counted.unusable == (0 if is_address(address) else 1)
    assert counted.spread is not None
    assert counted.spread.unusable == ({} if is_address(address) else {cohort_of(SALT, account_id): 1})


async def test_every_region_of_an_account_is_found(
    engine: AsyncEngine, counting: PostgresPopulation, region: str
) -> None:
    names = [f"{region}-{number}" for number in range(5)]
    for name in names:
        await add_many(engine, name, [uuid4() for _ in range(3)])
    found = await counting.regions()
    assert [each for each in found if each.startswith(f"{region}-")] == names
    assert found == sorted(set(found))


async def test_one_counts_and_when_its_session_ends_another_may(
    turns: PostgresCountingTurns, postgres_url: str
) -> None:
    another = PostgresCountingTurns(postgres_url)
    async with turns.lead() as ours:
        assert ours is not None
        async with another.lead() as theirs:
            assert theirs is None
    async with another.lead() as theirs:
        assert theirs is not None
    await another.close()


async def test_a_session_that_breaks_says_so(turns: PostgresCountingTurns, postgres_url: str) -> None:
    killer = postgres_engine(postgres_url, autocommit=True)
    async with turns.lead() as ours, killer.connect() as connection:
        assert ours is not None
        kill = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        await connection.execute(sa.text(kill))
        with pytest.raises(DependencyUnavailable):
            await ours.regions()
    await killer.dispose()
    async with turns.lead() as again:
        assert again is not None


async def test_without_a_server_it_says_so() -> None:
    away = PostgresCountingTurns("postgresql://postgres@127.0.0.1:1/auth")
    with pytest.raises(DependencyUnavailable):
        async with away.lead():
            pass
    await away.close()
