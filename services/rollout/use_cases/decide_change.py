"""Pass a change on: to review, to its date, to its end."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.change import Change, ChangeObjection
from services.rollout.use_cases.changes import Changes, Refused, Why, deed
from services.rollout.use_cases.pass_on import pass_on

Step = Callable[[Change, datetime], Change | ChangeObjection]


class DecideChange:
    """Each verb names the revision that somebody saw, and raises DependencyUnavailable."""

    def __init__(self, changes: Changes, clock: Callable[[], datetime]) -> None:
        self._changes = changes
        self._clock = clock

    async def submit(self, change_id: UUID, revision: int, by: str) -> Change | Refused:
        return await self._pass_on(
            change_id, revision, lambda it, now: it.submit(now), AuditAction.CHANGE_SUBMITTED, by
        )

    async def approve(self, change_id: UUID, revision: int, by: str) -> Change | Refused:
        def approve(change: Change, now: datetime) -> Change | ChangeObjection:
            return change.approve(by, now)

        return await self._pass_on(change_id, revision, approve, AuditAction.CHANGE_APPROVED, by)

    async def schedule(self, change_id: UUID, revision: int, by: str) -> Change | Refused:
        return await self._pass_on(change_id, revision, Change.schedule, AuditAction.CHANGE_SCHEDULED, by)

    async def reject(self, change_id: UUID, revision: int, by: str, because: str) -> Change | Refused:
        def reject(change: Change, now: datetime) -> Change | ChangeObjection:
            return change.reject(because, now)

        return await self._pass_on(change_id, revision, reject, AuditAction.CHANGE_REJECTED, by, because)

    async def cancel(self, change_id: UUID, revision: int, by: str, because: str) -> Change | Refused:
        def cancel(change: Change, now: datetime) -> Change | ChangeObjection:
            return change.cancel(because, now)

        return await self._pass_on(change_id, revision, cancel, AuditAction.CHANGE_CANCELLED, by, because)

    async def halt(self, change_id: UUID, revision: int, by: str, because: str) -> Change | Refused:
        def halt(change: Change, now: datetime) -> Change | ChangeObjection:
            return change.halt(because, now)

        return await self._pass_on(change_id, revision, halt, AuditAction.CHANGE_HALTED, by, because)

    async def _pass_on(
        self, change_id: UUID, revision: int, step: Step, action: AuditAction, by: str, because: str | None = None
    ) -> Change | Refused:
        now = self._clock()
        return await pass_on(
            self._changes,
            change_id,
            revision,
            lambda change: step(change, now),
            lambda change: deed(action, change, by, because),
            Why.UNKNOWN_CHANGE,
        )
