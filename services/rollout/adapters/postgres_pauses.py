"""Pauses in PostgreSQL: each is one transaction with its entry in the audit and its event."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.rollout.adapters.postgres_audit import record
from services.rollout.adapters.postgres_outbox import append
from services.rollout.adapters.tables import pauses, regions
from services.rollout.domain.audit import Deed
from services.rollout.domain.pause import Pause
from services.rollout.use_cases.pause_region import Begun
from shared.events import Event
from shared.postgres import transaction

# The one that stands, or else the last that ended; none begins before the one before it has ended.
_LATEST = sa.select(pauses).ext(distinct_on(pauses.c.region)).order_by(pauses.c.region, pauses.c.begun.desc())


async def is_paused(connection: AsyncConnection, region: str) -> bool:
    """To be asked after the region's row was locked in the transaction of `connection`: whoever pauses it locks the row
    first, so the answer holds until the commit."""
    standing = sa.select(pauses.c.id).where(pauses.c.region == region, pauses.c.ended_at.is_(None))
    return await connection.scalar(standing) is not None


class PostgresPauses:
    """Every method raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def paused(self) -> dict[str, Pause]:
        """Of each region that is paused, the pause."""
        return await self._by_region(sa.select(pauses).where(pauses.c.ended_at.is_(None)))

    async def latest(self) -> dict[str, Pause]:
        """Of each region: the pause that stands, or the last one that ended."""
        return await self._by_region(_LATEST)

    async def of_region(self, region: str) -> Pause | None:
        found = await self._by_region(_LATEST.where(pauses.c.region == region))
        return found.get(region)

    async def begin(self, pause: Pause, deed: Deed, event: Event, evidence_since: datetime | None = None) -> Begun:
        locked = sa.select(regions.c.name).where(regions.c.name == pause.region).with_for_update()
        async with transaction(self._engine) as connection:
            if await connection.scalar(locked) is None:
                return Begun.UNKNOWN_REGION
            if await is_paused(connection, pause.region):
                return Begun.STANDS
            if evidence_since is not None and await _resumed_after(connection, pause.region, evidence_since):
                return Begun.STALE
            await connection.execute(sa.insert(pauses).values(asdict(pause)))
            await append(connection, event)
            await record(connection, deed)
        return Begun.DONE

    async def end(self, pause: Pause, deed: Deed, event: Event) -> bool:
        ending = {"ended_at": pause.ended_at, "ended_by": pause.ended_by, "ended_because": pause.ended_because}
        standing = sa.update(pauses).where(pauses.c.id == pause.id, pauses.c.ended_at.is_(None))
        async with transaction(self._engine) as connection:
            if await connection.scalar(standing.values(ending).returning(pauses.c.id)) is None:
                return False
            await append(connection, event)
            await record(connection, deed)
        return True

    async def _by_region(self, chosen: "sa.Select[Any]") -> dict[str, Pause]:
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(chosen)).all()
        return {row.region: _pause(row._mapping) for row in rows}


async def _resumed_after(connection: AsyncConnection, region: str, moment: datetime) -> bool:
    later = sa.select(pauses.c.id).where(pauses.c.region == region, pauses.c.ended_at > moment).limit(1)
    return await connection.scalar(later) is not None


def _pause(row: Mapping[str, Any]) -> Pause:
    return Pause(**{name: value for name, value in row.items() if name != "begun"})
