"""Plans in PostgreSQL: a step of one and the audit's entry are one transaction."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.rollout.adapters.claim import claim
from services.rollout.adapters.plan_rows import plan_in, plan_row
from services.rollout.adapters.postgres_audit import record
from services.rollout.adapters.region_rows import STANDING, region_in
from services.rollout.adapters.tables import announcements, changes, plans, regions
from services.rollout.domain.audit import Deed
from services.rollout.domain.change import State
from services.rollout.domain.move import Progress
from services.rollout.domain.plan import Plan, PlanState
from services.rollout.domain.thresholds import Thresholds
from services.rollout.use_cases.changes import Written
from services.rollout.use_cases.plans import announcement_of
from shared.postgres import transaction

# Else a step that is applied meanwhile looks like somebody else's.
_ONE_MOMENT: Final = sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


async def runs(connection: AsyncConnection, plan_id: UUID, revision: int | None) -> bool:
    """At this revision, in the transaction of `connection`: it can be paused, halted or edited again once that has
    ended. One that was written anew meanwhile, approved and started does not want this step any more."""
    seen = plans.c.id == plan_id, plans.c.revision == revision
    running = sa.select(plans.c.id).where(*seen, plans.c.state == PlanState.RUNNING)
    return (await connection.execute(running.with_for_update(read=True))).one_or_none() is not None


class PostgresPlans:
    """Every method raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, plan_id: UUID, /) -> Plan | None:
        async with transaction(self._engine) as connection:
            row = (await connection.execute(sa.select(plans).where(plans.c.id == plan_id))).one_or_none()
        return None if row is None else plan_in(row)

    async def write(self, before: Plan | None, plan: Plan, deed: Deed, /) -> Written:
        async with transaction(self._engine) as connection:
            if not await claim(connection, plans, before.revision if before else None, plan_row(plan)):
                return Written.CHANGE_MOVED
            await record(connection, deed)
        return Written.DONE

    async def running(self) -> list[Plan]:
        chosen = sa.select(plans).where(plans.c.state == PlanState.RUNNING).order_by(plans.c.begun)
        async with transaction(self._engine) as connection:
            return [plan_in(row) for row in (await connection.execute(chosen)).all()]

    async def listed(self, *, states: Sequence[PlanState], before: int | None, limit: int) -> list[tuple[int, Plan]]:
        """Each with its place, the newest first; `before`: those that were begun before that place."""
        chosen = sa.select(plans).order_by(plans.c.begun.desc()).limit(limit)
        if states:
            chosen = chosen.where(plans.c.state.in_(states))
        if before is not None:
            chosen = chosen.where(plans.c.begun < before)
        async with transaction(self._engine) as connection:
            return [(row.begun, plan_in(row)) for row in (await connection.execute(chosen)).all()]

    async def versions(self) -> Mapping[str, int]:
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(sa.select(regions.c.name, regions.c.version))).all()
        return {row.name: row.version for row in rows}

    async def thresholds(self) -> Mapping[str, Thresholds]:
        waves = [wave for plan in await self.running() for wave in plan.content.waves]
        return {each.region: wave.thresholds for wave in waves if wave.thresholds for each in wave.members}

    async def progress(self, plan: Plan) -> dict[str, Progress]:
        told = {
            announcement_of(plan, wave, member): member.region for wave in plan.content.waves for member in wave.members
        }
        left = (
            sa.select(changes.c.region, sa.func.max(changes.c.base_version + 1).label("version"))
            .where(changes.c.plan_id == plan.id, changes.c.state == State.APPLIED)
            .group_by(changes.c.region)
        )
        standing = STANDING.where(regions.c.name.in_(plan.content.regions))
        begins = sa.select(announcements.c.id, announcements.c.at).where(announcements.c.id.in_(told))
        async with transaction(self._engine) as connection:
            await connection.execute(_ONE_MOMENT)
            left_at = {row.region: row.version for row in (await connection.execute(left)).all()}
            stands = {row.name: region_in(row) for row in (await connection.execute(standing)).all()}
            begins_at = {told[row.id]: row.at for row in (await connection.execute(begins)).all()}
        return {
            region: Progress(standing=stands.get(region), left_at=left_at.get(region), begins_at=begins_at.get(region))
            for region in plan.content.regions
        }
