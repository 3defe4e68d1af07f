"""Begin a plan, or write another content into one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.plan import Plan, PlanRefusal
from services.rollout.domain.plan_content import PlanContent
from services.rollout.use_cases.changes import Refusal, Why, Written
from services.rollout.use_cases.pass_on import pass_on
from services.rollout.use_cases.plans import PlanRefused, Plans, deed


@dataclass(frozen=True, slots=True)
class Begun:
    """`again`: it had been begun before, and nothing was done now."""

    plan: Plan
    again: bool = False


class ProposePlan:
    def __init__(self, plans: Plans, clock: Callable[[], datetime]) -> None:
        self._plans = plans
        self._clock = clock

    async def begin(self, plan_id: UUID, wanted: PlanContent, author: str) -> Begun | PlanRefused:
        """`plan_id`: the caller's, and the same for the same plan. Raises: DependencyUnavailable."""
        if (known := await self._plans.find(plan_id)) is not None:
            return _again(known, wanted)
        if objection := wanted.objection():
            return objection
        content = wanted.on_bases(await self._plans.versions())
        drafted = Plan.draft(plan_id, content, author, self._clock())
        if await self._plans.write(None, drafted, deed(AuditAction.PLAN_DRAFTED, drafted, author)) is Written.DONE:
            return Begun(drafted)
        known = await self._plans.find(plan_id)  # begun meanwhile
        return _again(known, wanted) if known else Refusal(Why.UNKNOWN_PLAN)

    async def edit(self, plan_id: UUID, revision: int, wanted: PlanContent, by: str) -> Plan | PlanRefused:
        """On its regions as they stand now: so a plan that was halted is brought up to date, by being reviewed again.
        Raises: DependencyUnavailable."""
        if objection := wanted.objection():
            return objection
        content = wanted.on_bases(await self._plans.versions())

        def edit(plan: Plan) -> Plan | PlanRefusal:
            return plan.edit(content, by, self._clock())

        return await pass_on(
            self._plans, plan_id, revision, edit, lambda plan: deed(AuditAction.PLAN_EDITED, plan, by), Why.UNKNOWN_PLAN
        )


def _again(known: Plan, wanted: PlanContent) -> Begun | Refusal:
    """Whether this was wanted, wherever its regions stood then."""
    same = known.content.on_bases({}) == wanted.on_bases({})
    return Begun(known, again=True) if same else Refusal(Why.OTHER_CONTENT)
