"""What PostgreSQL may do to a transaction, and what a service makes of it."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.postgres import postgres_engine, transaction
from shared.unavailable import DependencyUnavailable

_LOCK = sa.text("SELECT pg_advisory_xact_lock(:key)")


async def test_the_victim_of_a_deadlock_is_asked_to_come_again_and_the_other_one_ends(postgres_url: str) -> None:
    engine = postgres_engine(postgres_url, autocommit=True)
    locked = [asyncio.Event(), asyncio.Event()]

    async def lock(first: int, second: int) -> None:
        async with transaction(engine) as connection:
            await connection.execute(_LOCK, {"key": first})
            locked[first].set()
            await locked[second].wait()
            await connection.execute(_LOCK, {"key": second})

    ended = await asyncio.gather(lock(0, 1), lock(1, 0), return_exceptions=True)
    await engine.dispose()
    (victim,) = [error for error in ended if error is not None]

    assert isinstance(victim, DependencyUnavailable)
    assert victim.dependency == "postgres"


async def test_a_serialization_failure_is_an_outage_and_an_error_of_our_own_is_not(postgres_url: str) -> None:
    engine = postgres_engine(postgres_url, autocommit=True)
    raising = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{}'; END $$"
    with pytest.raises(DependencyUnavailable):
        async with transaction(engine) as connection:
            await connection.execute(sa.text(raising.format("40001")))
    with pytest.raises(DBAPIError):
        async with transaction(engine) as connection:
            await connection.execute(sa.text(raising.format("23505")))
    await engine.dispose()
