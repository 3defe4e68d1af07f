"""What can do nothing any more is deleted; what can do anything, or may be asked about, stays."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_housekeeping import PostgresHousekeeping
from services.auth.adapters.tables import devices, sessions, spent_challenges
from services.auth.use_cases.sweep_expired import ENDED_KEPT, SPENT_KEPT, SweepExpired
from shared.postgres import transaction
from tests.clock import Clock
from tests.contracts.auth.database import rows
from tests.fakes import NOW

SECOND = timedelta(seconds=1)
LIVE = NOW + timedelta(days=10)
LONG_AGO = NOW - ENDED_KEPT - SECOND
LATELY = NOW - ENDED_KEPT + SECOND


def sweep(engine: AsyncEngine, most: int = 500) -> SweepExpired:
    return SweepExpired(PostgresHousekeeping(engine), Clock(NOW), most)


@pytest.fixture(autouse=True)
async def empty(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        for table in (spent_challenges, sessions, devices):
            await connection.execute(table.delete())


async def add(engine: AsyncEngine, table: sa.Table, *added: dict[str, Any]) -> None:
    async with engine.connect() as connection:
        await connection.execute(table.insert(), list(added))


def family(account_id: UUID, expires_at: datetime, revoked_at: datetime | None = None) -> dict[str, Any]:
    """Of a device; a session has more."""
    return {
        "id": uuid4(), "account_id": account_id, "name": "laptop", "finder_hash": uuid4().bytes, "secret_hash": b"",
        "created_at": NOW, "last_used_at": NOW, "expires_at": expires_at, "revoked_at": revoked_at,
    }  # fmt: skip


def session(account_id: UUID, expires_at: datetime, revoked_at: datetime | None = None) -> dict[str, Any]:
    own = {"product": "editor", "client": "agent", "amr": ["pwd"], "acr": "acr", "scope": [], "auth_time": NOW}
    return {name: value for name, value in family(account_id, expires_at, revoked_at).items() if name != "name"} | own


async def test_a_spent_challenge_is_kept_as_long_as_its_token_may_hold_anywhere(engine: AsyncEngine) -> None:
    ids = [uuid4() for _ in range(3)]
    ends = (LIVE, NOW - SPENT_KEPT + SECOND, NOW - SPENT_KEPT - SECOND)
    spent = ({"challenge_id": each, "expires_at": end} for each, end in zip(ids, ends, strict=True))
    await add(engine, spent_challenges, *spent)

    assert await sweep(engine)() == 1
    assert {row.challenge_id for row in await rows(engine, sa.select(spent_challenges))} == set(ids[:2])


@pytest.mark.parametrize(("table", "made"), [(devices, family), (sessions, session)], ids=["devices", "sessions"])
async def test_what_ended_over_30_days_ago_goes_and_nothing_else(
    engine: AsyncEngine, account_id: UUID, table: sa.Table, made: Any
) -> None:
    kept = [made(account_id, *times) for times in ((LIVE,), (LATELY,), (LIVE, LATELY), (LIVE, NOW))]
    gone = [made(account_id, *times) for times in ((LONG_AGO,), (LIVE, LONG_AGO), (LONG_AGO, LONG_AGO))]
    await add(engine, table, *kept, *gone)

    assert await sweep(engine)() == 3
    assert {row.id for row in await rows(engine, sa.select(table))} == {each["id"] for each in kept}


async def test_many_go_in_batches_and_several_sweep_at_once(engine: AsyncEngine) -> None:
    over = [{"challenge_id": uuid4(), "expires_at": LONG_AGO} for _ in range(95)]
    await add(engine, spent_challenges, *over)
    assert await PostgresHousekeeping(engine).delete_spent_challenges(NOW, 10) == 10

    assert sum(await asyncio.gather(*(sweep(engine, most=10)() for _ in range(4)))) == 85
    assert await sweep(engine)() == 0


async def test_a_row_that_somebody_holds_is_not_waited_for(engine: AsyncEngine) -> None:
    ids = [uuid4(), uuid4()]
    await add(engine, spent_challenges, *({"challenge_id": each, "expires_at": LONG_AGO} for each in ids))
    held = sa.select(spent_challenges).where(spent_challenges.c.challenge_id == ids[0]).with_for_update()
    async with transaction(engine) as connection:
        await connection.execute(held)
        assert await sweep(engine)() == 1

    assert await sweep(engine)() == 1


@pytest.mark.parametrize("table", [devices, sessions], ids=["devices", "sessions"])
async def test_no_sweep_reads_a_whole_table(engine: AsyncEngine, table: sa.Table) -> None:
    async with transaction(engine) as connection:
        await connection.execute(sa.text("SET LOCAL enable_seqscan = off"))  # the test's table is tiny
        over = f"expires_at < '{LONG_AGO}' OR revoked_at < '{LONG_AGO}'"
        plan = (await connection.scalars(sa.text(f"EXPLAIN SELECT id FROM {table.name} WHERE {over}"))).all()

    assert "Seq Scan" not in "\n".join(plan)
