"""A plan: waves of regions that begin one after the other, from its draft to its end. Pure.

Running, it raises regions by itself, so it is approved as a change is: by another person, for the content as it was
then. What somebody else does with one of its regions meanwhile halts it: it goes on once it was written anew, on the
regions as they stand, and approved again.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from services.rollout.domain.approval import Approval
from services.rollout.domain.plan_content import PlanContent


class PlanState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in-review"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    HALTED = "halted"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class PlanAction(StrEnum):
    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    HALT = "halt"
    COMPLETE = "complete"
    CANCEL = "cancel"


class PlanRefusal(StrEnum):
    """Why somebody may not do that now."""

    STATE = "not-in-this-state"
    OWN = "own-plan"  # who wrote any of it does not approve it
    UNAPPROVED = "two-person-required"


_FROM: Final = {
    PlanAction.EDIT: frozenset(
        {PlanState.DRAFT, PlanState.IN_REVIEW, PlanState.APPROVED, PlanState.PAUSED, PlanState.HALTED}
    ),
    PlanAction.SUBMIT: frozenset({PlanState.DRAFT}),
    PlanAction.APPROVE: frozenset({PlanState.IN_REVIEW}),
    PlanAction.REJECT: frozenset({PlanState.IN_REVIEW, PlanState.APPROVED}),
    PlanAction.START: frozenset({PlanState.APPROVED}),
    PlanAction.PAUSE: frozenset({PlanState.RUNNING}),
    PlanAction.RESUME: frozenset({PlanState.PAUSED}),
    PlanAction.HALT: frozenset({PlanState.RUNNING}),
    PlanAction.COMPLETE: frozenset({PlanState.RUNNING}),
    PlanAction.CANCEL: frozenset(PlanState) - {PlanState.COMPLETED, PlanState.REJECTED, PlanState.CANCELLED},
}
_TO: Final = {
    PlanAction.EDIT: PlanState.DRAFT,
    PlanAction.SUBMIT: PlanState.IN_REVIEW,
    PlanAction.APPROVE: PlanState.APPROVED,
    PlanAction.REJECT: PlanState.REJECTED,
    PlanAction.START: PlanState.RUNNING,
    PlanAction.PAUSE: PlanState.PAUSED,
    PlanAction.RESUME: PlanState.RUNNING,
    PlanAction.HALT: PlanState.HALTED,
    PlanAction.COMPLETE: PlanState.COMPLETED,
    PlanAction.CANCEL: PlanState.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`revision` counts what was done with it. `author` began it. `because`: why it was paused, halted or ended."""

    id: UUID
    revision: int
    author: str
    content: PlanContent
    state: PlanState
    approval: Approval
    changed_at: datetime
    because: str | None = None

    @classmethod
    def draft(cls, plan_id: UUID, content: PlanContent, author: str, now: datetime) -> Self:
        return cls(
            id=plan_id,
            revision=1,
            author=author,
            content=content,
            state=PlanState.DRAFT,
            approval=Approval(frozenset({author})),
            changed_at=now,
        )

    def edit(self, content: PlanContent, by: str, now: datetime) -> Self | PlanRefusal:
        """Back to a draft, whatever was approved."""
        edited = self._after(PlanAction.EDIT, now)
        if isinstance(edited, PlanRefusal):
            return edited
        return replace(edited, content=content, approval=self.approval.voided(by))

    def submit(self, now: datetime) -> Self | PlanRefusal:
        return self._after(PlanAction.SUBMIT, now)

    def approve(self, by: str, now: datetime) -> Self | PlanRefusal:
        if not self.approval.may_be_given_by(by):
            return PlanRefusal.OWN
        approved = self._after(PlanAction.APPROVE, now)
        if isinstance(approved, PlanRefusal):
            return approved
        return replace(approved, approval=self.approval.given(by, self.content.digest))

    def start(self, now: datetime) -> Self | PlanRefusal:
        return self._running(PlanAction.START, now)

    def resume(self, now: datetime) -> Self | PlanRefusal:
        return self._running(PlanAction.RESUME, now)

    def complete(self, now: datetime) -> Self | PlanRefusal:
        return self._after(PlanAction.COMPLETE, now)

    def reject(self, because: str, now: datetime) -> Self | PlanRefusal:
        return self._after(PlanAction.REJECT, now, because)

    def pause(self, because: str, now: datetime) -> Self | PlanRefusal:
        return self._after(PlanAction.PAUSE, now, because)

    def halt(self, because: str, now: datetime) -> Self | PlanRefusal:
        return self._after(PlanAction.HALT, now, because)

    def cancel(self, because: str, now: datetime) -> Self | PlanRefusal:
        return self._after(PlanAction.CANCEL, now, because)

    def _running(self, action: PlanAction, now: datetime) -> Self | PlanRefusal:
        running = self._after(action, now)
        if isinstance(running, PlanRefusal) or self.approval.holds_for(self.content.digest):
            return running
        return PlanRefusal.UNAPPROVED

    def _after(self, action: PlanAction, now: datetime, because: str | None = None) -> Self | PlanRefusal:
        if self.state not in _FROM[action]:
            return PlanRefusal.STATE
        return replace(self, state=_TO[action], revision=self.revision + 1, changed_at=now, because=because)
