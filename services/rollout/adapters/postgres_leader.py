"""Leadership as a lock in PostgreSQL that belongs to a session of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from pydantic import PostgresDsn
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.own_session import own_session
from shared.postgres import postgres_engine

SCHEDULER_LOCK: Final = int.from_bytes(b"gp-sched")


class PostgresLeadership:
    """`url` must lead to PostgreSQL itself or to a pooler in session mode: locks belong to a session."""

    def __init__(self, url: PostgresDsn | str, lock: int = SCHEDULER_LOCK) -> None:
        self._engine = postgres_engine(url, pool_size=1)
        self._lock = lock

    @asynccontextmanager
    async def session(self) -> AsyncIterator["PostgresLeaderSession"]:
        """Raises DependencyUnavailable, then or later, when it breaks."""
        async with own_session(self._engine) as connection:
            yield PostgresLeaderSession(connection, self._lock)

    async def close(self) -> None:
        await self._engine.dispose()


class PostgresLeaderSession:
    """Every statement runs on the one connection that holds the lock: an answer proves that it is still held."""

    def __init__(self, connection: AsyncConnection, lock: int) -> None:
        self._connection = connection
        self._lock = lock

    async def lead(self) -> bool:
        return bool(await self._connection.scalar(sa.select(sa.func.pg_try_advisory_lock(self._lock))))

    async def now(self) -> datetime:
        told = await self._connection.scalar(sa.select(sa.func.clock_timestamp()))
        assert isinstance(told, datetime)  # PostgreSQL's timestamptz
        return told
