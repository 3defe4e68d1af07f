"""Logins by hour in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.rollout.adapters import postgres_logins
from services.rollout.adapters.postgres_logins import PostgresLogins
from services.rollout.adapters.tables import counted_logins, login_hours
from services.rollout.domain.logins import BusiestHour, CountedLogins, LoginKind
from shared.postgres import postgres_engine, transaction
from shared.unavailable import DependencyUnavailable

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def engine(migrated_url: str) -> AsyncIterator[AsyncEngine]:
    made = postgres_engine(migrated_url)
    async with transaction(made) as connection:
        await connection.execute(sa.delete(login_hours))
        await connection.execute(sa.delete(counted_logins))
    yield made
    await made.dispose()


@pytest.fixture
def logins(engine: AsyncEngine) -> PostgresLogins:
    return PostgresLogins(engine)


def kind(hour: datetime = NOON, outcome: str = "would-challenge", reason: str = "region-shadow") -> LoginKind:
    return LoginKind("emea", hour, outcome, reason)


async def test_attempts_are_counted_by_region_hour_and_decision(logins: PostgresLogins) -> None:
    trusted = kind(outcome="allowed", reason="trusted-device")
    await logins.count([(uuid4(), kind()), (uuid4(), trusted), (uuid4(), kind())])
    await logins.count([(uuid4(), kind()), (uuid4(), kind(NOON + HOUR))])
    await logins.count([(uuid4(), LoginKind("apac", NOON, "allowed", "region-off"))])
    assert await logins.since("emea", NOON) == [
        CountedLogins(trusted, 1),
        CountedLogins(kind(), 3),
        CountedLogins(kind(NOON + HOUR), 1),
    ]
    assert await logins.since("emea", NOON + HOUR) == [CountedLogins(kind(NOON + HOUR), 1)]
    assert await logins.since("nowhere", NOON) == []


async def test_an_attempt_counts_once_in_one_batch_and_in_the_next(logins: PostgresLogins) -> None:
    attempt = uuid4()
    await logins.count([(attempt, kind()), (attempt, kind())])
    await logins.count([(attempt, kind()), (uuid4(), kind())])
    await logins.count([(attempt, kind())])
    assert await logins.since("emea", NOON) == [CountedLogins(kind(), 2)]


async def test_two_that_count_the_same_attempts_at_once_count_them_once(logins: PostgresLogins) -> None:
    attempts = [(uuid4(), kind(NOON + n % 3 * HOUR)) for n in range(300)]
    await asyncio.gather(*(logins.count(attempts[::step]) for step in (1, -1, 1, -1)))
    assert [each.logins for each in await logins.since("emea", NOON)] == [100, 100, 100]


async def test_the_busiest_hour_is_that_of_logins_which_the_region_decides(logins: PostgresLogins) -> None:
    assert await logins.busiest("emea") is None
    by_device = kind(NOON, "allowed", "trusted-device")
    await logins.count([(uuid4(), by_device) for _ in range(9)])
    assert await logins.busiest("emea") is None
    rising = [kind(NOON + HOUR, "challenged", "inside-ramp"), kind(NOON + HOUR, "allowed", "outside-ramp")]
    await logins.count([(uuid4(), each) for each in [*rising, *rising, kind(), kind(), kind()]])
    assert await logins.busiest("emea") == BusiestHour(NOON + HOUR, 4)


async def test_what_need_not_be_known_any_more_is_forgotten(
    logins: PostgresLogins, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_logins, "DELETED_AT_ONCE", 2)
    old, kept = NOON - 24 * HOUR, (uuid4(), kind())
    await logins.count([*((uuid4(), kind(old)) for _ in range(5)), kept])
    await logins.forget(attempts_before=NOON, hours_before=NOON - 48 * HOUR)
    async with transaction(engine) as connection:
        assert list(await connection.scalars(sa.select(counted_logins.c.attempt_id))) == [kept[0]]
    assert len(await logins.since("emea", old)) == 2
    await logins.forget(attempts_before=NOON, hours_before=NOON)
    assert await logins.since("emea", old) == [CountedLogins(kind(), 1)]


async def test_without_a_server_every_method_says_so() -> None:
    away = postgres_engine("postgresql://postgres@127.0.0.1:1/rollout")
    logins = PostgresLogins(away)
    for ask in (
        logins.count([(uuid4(), kind())]), logins.busiest("emea"), logins.since("emea", NOON), logins.forget(NOON, NOON)
    ):  # fmt: skip
        with pytest.raises(DependencyUnavailable):
            await ask
    await away.dispose()
