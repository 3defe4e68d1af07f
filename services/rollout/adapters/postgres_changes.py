"""Changes in PostgreSQL: a step of one, what it makes of its region, and the audit's entry are one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.rollout.adapters.change_rows import change_in, change_row
from services.rollout.adapters.claim import claim
from services.rollout.adapters.postgres_audit import record
from services.rollout.adapters.postgres_pauses import is_paused
from services.rollout.adapters.postgres_plans import runs
from services.rollout.adapters.postgres_regions import write_version
from services.rollout.adapters.tables import changes
from services.rollout.domain.audit import Deed
from services.rollout.domain.change import Change, State
from services.rollout.domain.direction import Direction
from services.rollout.domain.pause import waits_for_resume
from services.rollout.use_cases.changes import Applied, Written
from shared.postgres import transaction


@dataclass
class _NotWritten(Exception):
    """Takes back what the transaction has done by then."""

    why: Written


class PostgresChanges:
    """Every method raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, change_id: UUID) -> Change | None:
        async with transaction(self._engine) as connection:
            row = (await connection.execute(sa.select(changes).where(changes.c.id == change_id))).one_or_none()
        return None if row is None else change_in(row)

    async def write(self, before: Change | None, change: Change, deed: Deed, applied: Applied | None = None) -> Written:
        try:
            async with transaction(self._engine) as connection:
                if applied is not None:
                    await _apply(connection, change, applied)
                if not await claim(connection, changes, before.revision if before else None, change_row(change)):
                    raise _NotWritten(Written.CHANGE_MOVED)
                await record(connection, deed)
        except _NotWritten as refused:
            return refused.why
        return Written.DONE

    async def listed(
        self, *, region: str | None, states: Sequence[State], before: int | None, limit: int
    ) -> list[tuple[int, Change]]:
        """Each with its place, the newest first; `before`: those that were begun before that place."""
        chosen = sa.select(changes).order_by(changes.c.begun.desc()).limit(limit)
        if region is not None:
            chosen = chosen.where(changes.c.region == region)
        if states:
            chosen = chosen.where(changes.c.state.in_(states))
        if before is not None:
            chosen = chosen.where(changes.c.begun < before)
        async with transaction(self._engine) as connection:
            return [(row.begun, change_in(row)) for row in (await connection.execute(chosen)).all()]

    async def due(self, now: datetime) -> list[Change]:
        """Scheduled, and their date has come; in the order of their dates."""
        chosen = sa.select(changes).where(changes.c.state == State.SCHEDULED, changes.c.apply_at <= now)
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(chosen.order_by(changes.c.apply_at, changes.c.begun))).all()
        return [change_in(row) for row in rows]


async def _apply(connection: AsyncConnection, change: Change, applied: Applied) -> None:
    """Raises: _NotWritten."""
    if not await write_version(connection, applied.region, applied.event):
        raise _NotWritten(Written.REGION_MOVED)
    if waits_for_resume(change) and await is_paused(connection, change.content.region):
        raise _NotWritten(Written.REGION_PAUSED)
    apply_at = change.content.apply_at
    dated = apply_at is not None and change.direction is Direction.RAISES
    if dated and await connection.scalar(sa.select(sa.func.clock_timestamp() < apply_at)):
        raise _NotWritten(Written.EARLY)
    # Locked until the commit: whoever stops the plan comes before this step, or after it.
    if change.plan_id is not None and not await runs(connection, change.plan_id, applied.plan_revision):
        raise _NotWritten(Written.PLAN_STOPPED)
