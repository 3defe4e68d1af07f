"""The outbox in PostgreSQL: written inside the transaction that it tells of, read by one session at a time."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import sqlalchemy as sa
from opentelemetry import propagate
from pydantic import PostgresDsn
from sqlalchemy.ext.asyncio import AsyncConnection

from services.rollout.adapters.postgres_leader import PostgresLeaderSession
from services.rollout.adapters.region_rows import STANDING, region_in
from services.rollout.adapters.tables import outbox, regions
from services.rollout.domain.region import Region
from services.rollout.use_cases.outbox import Pending
from shared.events import EVENTS, Event, RegionPolicyChanged
from shared.own_session import own_session
from shared.postgres import postgres_engine

CHANNEL: Final = "rollout_outbox"
LEADER_LOCK: Final = int.from_bytes(b"gp-relay")  # a bigint that nobody else picks by chance
_CLASSES: Final[Mapping[str, type[Event]]] = {event.type: event for event in EVENTS}


async def append(connection: AsyncConnection, event: Event) -> None:
    """Record `event` for publication in the transaction of `connection`; its commit wakes the relay."""
    trace: dict[str, str] = {}
    propagate.inject(trace)
    row = {"type": event.type, "key": event.key, "body": event.model_dump(mode="json"), "trace": trace}
    await connection.execute(sa.insert(outbox).values(row))
    await connection.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


class PostgresOutbox:
    """`url` must lead to PostgreSQL itself or to a pooler in session mode: locks and LISTEN belong to a session."""

    def __init__(self, url: PostgresDsn | str, sessions: int = 1) -> None:
        self._engine = postgres_engine(url, pool_size=sessions)

    @asynccontextmanager
    async def session(self, wake: Callable[[], None]) -> AsyncIterator["PostgresRelaySession"]:
        """A connection of its own. Raises DependencyUnavailable, then or later, when it breaks."""
        async with own_session(self._engine) as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.add_listener(CHANNEL, lambda *_: wake())
            driver.add_termination_listener(lambda _: wake())
            yield PostgresRelaySession(connection, LEADER_LOCK)

    async def close(self) -> None:
        await self._engine.dispose()


class PostgresRelaySession(PostgresLeaderSession):
    async def next(self) -> Pending | None:
        age = sa.func.extract("epoch", sa.func.clock_timestamp() - outbox.c.recorded_at).label("age_s")
        # A policy may be somebody's way to stop a region: it waits for nothing that is not a policy.
        policies_first = outbox.c.type != RegionPolicyChanged.type
        oldest = sa.select(outbox, age).order_by(policies_first, outbox.c.id).limit(1)
        row = (await self._connection.execute(oldest)).one_or_none()
        if row is None:
            return None
        return Pending(row.id, _CLASSES[row.type].model_validate(row.body), row.trace, float(row.age_s))

    async def published(self, pending: Pending) -> None:
        await self._connection.execute(sa.delete(outbox).where(outbox.c.id == pending.id))

    async def settled(self) -> list[Region]:
        waiting = sa.select(outbox.c.key).where(outbox.c.type == RegionPolicyChanged.type)
        chosen = STANDING.where(regions.c.name.not_in(waiting)).order_by(regions.c.name)
        return [region_in(row) for row in (await self._connection.execute(chosen)).all()]
