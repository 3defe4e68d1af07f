"""Pass a plan on: to review, into action, to its end."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.plan import Plan, PlanRefusal
from services.rollout.use_cases.changes import Refusal, Why
from services.rollout.use_cases.pass_on import pass_on
from services.rollout.use_cases.plans import PlanRefused, Plans, deed

Step = Callable[[Plan, datetime], Plan | PlanRefusal]


class DecidePlan:
    """Each verb names the revision that somebody saw, and raises DependencyUnavailable."""

    def __init__(self, plans: Plans, clock: Callable[[], datetime]) -> None:
        self._plans = plans
        self._clock = clock

    async def submit(self, plan_id: UUID, revision: int, by: str) -> Plan | PlanRefused:
        return await self._pass_on(plan_id, revision, AuditAction.PLAN_SUBMITTED, by, Plan.submit)

    async def approve(self, plan_id: UUID, revision: int, by: str) -> Plan | PlanRefused:
        return await self._pass_on(
            plan_id, revision, AuditAction.PLAN_APPROVED, by, lambda plan, now: plan.approve(by, now)
        )

    async def reject(self, plan_id: UUID, revision: int, by: str, because: str) -> Plan | PlanRefused:
        return await self._pass_on(
            plan_id, revision, AuditAction.PLAN_REJECTED, by, lambda plan, now: plan.reject(because, now), because
        )

    async def start(self, plan_id: UUID, revision: int, by: str) -> Plan | PlanRefused:
        return await self._run(plan_id, revision, AuditAction.PLAN_STARTED, by, Plan.start)

    async def pause(self, plan_id: UUID, revision: int, by: str, because: str) -> Plan | PlanRefused:
        return await self._pass_on(
            plan_id, revision, AuditAction.PLAN_PAUSED, by, lambda plan, now: plan.pause(because, now), because
        )

    async def resume(self, plan_id: UUID, revision: int, by: str) -> Plan | PlanRefused:
        return await self._run(plan_id, revision, AuditAction.PLAN_RESUMED, by, Plan.resume)

    async def halt(self, plan_id: UUID, revision: int, by: str, because: str) -> Plan | PlanRefused:
        return await self._pass_on(
            plan_id, revision, AuditAction.PLAN_HALTED, by, lambda plan, now: plan.halt(because, now), because
        )

    async def complete(self, plan_id: UUID, revision: int, by: str) -> Plan | PlanRefused:
        return await self._pass_on(plan_id, revision, AuditAction.PLAN_COMPLETED, by, Plan.complete)

    async def cancel(self, plan_id: UUID, revision: int, by: str, because: str) -> Plan | PlanRefused:
        return await self._pass_on(
            plan_id, revision, AuditAction.PLAN_CANCELLED, by, lambda plan, now: plan.cancel(because, now), because
        )

    async def _run(self, plan_id: UUID, revision: int, action: AuditAction, by: str, step: Step) -> Plan | PlanRefused:
        """Unless another that runs has a region of it. Two that are begun at the same moment may both run: the first to
        move a region that they share halts the other."""
        plan = await self._plans.find(plan_id)
        for other in await self._plans.running() if plan else ():
            if plan and other.id != plan.id and other.content.regions & plan.content.regions:
                return Refusal(Why.REGION_IN_ANOTHER_PLAN)
        return await self._pass_on(plan_id, revision, action, by, step)

    async def _pass_on(
        self,
        plan_id: UUID,
        revision: int,
        action: AuditAction,
        by: str,
        step: Step,
        because: str | None = None,
    ) -> Plan | PlanRefused:
        now = self._clock()
        return await pass_on(
            self._plans,
            plan_id,
            revision,
            lambda plan: step(plan, now),
            lambda plan: deed(action, plan, by, because),
            Why.UNKNOWN_PLAN,
        )
