"""Announcements in PostgreSQL: each is one transaction with its event and its entry in the audit."""

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.rollout.adapters.postgres_audit import record
from services.rollout.adapters.postgres_outbox import append
from services.rollout.adapters.tables import announcements, regions
from services.rollout.domain.announcement import Announcement
from services.rollout.domain.audit import Deed
from services.rollout.use_cases.announce import Entered
from shared.events import Event, NoticeKind
from shared.postgres import transaction

MOST_LISTED: Final = 100


class PostgresAnnouncements:
    """Every method raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, announcement: Announcement, event: Event, deed: Deed) -> Entered:
        known = sa.select(regions.c.name).where(regions.c.name == announcement.region)  # regions are never deleted
        added = insert(announcements).values(asdict(announcement)).on_conflict_do_nothing()
        async with transaction(self._engine) as connection:
            if await connection.scalar(known) is None:
                return Entered.UNKNOWN_REGION
            if await connection.scalar(added.returning(announcements.c.id)) is None:
                return Entered.ID_TAKEN
            await append(connection, event)
            await record(connection, deed)
        return Entered.ADDED

    async def find(self, announcement_id: UUID) -> Announcement | None:
        async with transaction(self._engine) as connection:
            found = sa.select(announcements).where(announcements.c.id == announcement_id)
            row = (await connection.execute(found)).one_or_none()
        return None if row is None else _announcement(row)

    async def of_region(self, region: str) -> list[Announcement] | None:
        """The newest first, `MOST_LISTED` at most; None: no such region."""
        newest = announcements.c.announced_at.desc(), announcements.c.id
        told = sa.select(announcements).where(announcements.c.region == region).order_by(*newest).limit(MOST_LISTED)
        async with transaction(self._engine) as connection:
            if await connection.scalar(sa.select(regions.c.name).where(regions.c.name == region)) is None:
                return None
            return [_announcement(row) for row in (await connection.execute(told)).all()]


def _announcement(row: "sa.Row[Any]") -> Announcement:
    return Announcement(**{**row._mapping, "kind": NoticeKind(row.kind)})
