"""A change of a region's policy, from its draft to its end. Pure.

What raises needs another person's approval, which holds for the content as it was then: every edit voids it. What
lowers needs one person, and may be applied from any state that is not the end.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from services.rollout.domain.approval import Approval
from services.rollout.domain.content import Content
from services.rollout.domain.direction import Direction
from services.rollout.domain.plan import Plan


class State(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in-review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    APPLIED = "applied"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    HALTED = "halted"


class Action(StrEnum):
    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    SCHEDULE = "schedule"
    APPLY = "apply"
    HALT = "halt"
    CANCEL = "cancel"


class ChangeObjection(StrEnum):
    """Why somebody may not do that now."""

    STATE = "not-in-this-state"
    OWN = "own-change"  # who wrote any of it does not approve it
    UNAPPROVED = "two-person-required"
    UNDATED = "no-date"
    EARLY = "before-its-date"


_OPEN: Final = frozenset({State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED})
_APPROVED: Final = frozenset({State.APPROVED, State.SCHEDULED})
_FROM: Final = {
    Action.EDIT: _OPEN,
    Action.SUBMIT: frozenset({State.DRAFT}),
    Action.APPROVE: frozenset({State.IN_REVIEW}),
    Action.REJECT: _OPEN - {State.DRAFT},
    Action.SCHEDULE: _OPEN - {State.SCHEDULED},
    Action.APPLY: _OPEN,
    Action.HALT: _APPROVED,
    Action.CANCEL: _OPEN,
}
_TO: Final = {
    Action.EDIT: State.DRAFT,
    Action.SUBMIT: State.IN_REVIEW,
    Action.APPROVE: State.APPROVED,
    Action.REJECT: State.REJECTED,
    Action.SCHEDULE: State.SCHEDULED,
    Action.APPLY: State.APPLIED,
    Action.HALT: State.HALTED,
    Action.CANCEL: State.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`revision` counts what was done with it. `author` began it. `direction` is that from the base version, which
    never changes, to what is wanted. `plan_id`: the plan that made it, whose approval is its approval."""

    id: UUID
    revision: int
    author: str
    content: Content
    direction: Direction
    state: State
    approval: Approval
    changed_at: datetime
    ended_because: str | None = None
    plan_id: UUID | None = None

    @classmethod
    def draft(cls, change_id: UUID, content: Content, way: Direction, author: str, now: datetime) -> Self:
        return cls(
            id=change_id,
            revision=1,
            author=author,
            content=content,
            direction=way,
            state=State.DRAFT,
            approval=Approval(frozenset({author})),
            changed_at=now,
        )

    @classmethod
    def of_plan(cls, change_id: UUID, content: Content, way: Direction, plan: Plan, now: datetime) -> Self:
        """Approved with its plan, if that is: what it says of the region, and when, was looked at then."""
        drafted = cls.draft(change_id, content, way, plan.author, now)
        holds = plan.approval.holds_for(plan.content.digest)
        given = replace(plan.approval, digest=content.digest if holds else None)
        return replace(drafted, state=State.APPROVED, approval=given, plan_id=plan.id)

    @property
    def over(self) -> bool:
        return self.state not in _OPEN

    def due(self, now: datetime) -> bool:
        apply_at = self.content.apply_at
        return self.state is State.SCHEDULED and apply_at is not None and apply_at <= now

    def edit(self, content: Content, way: Direction, by: str, now: datetime) -> Self | ChangeObjection:
        """Back to a draft, whatever was approved."""
        edited = self._after(Action.EDIT, now)
        if isinstance(edited, ChangeObjection):
            return edited
        return replace(edited, content=content, direction=way, approval=self.approval.voided(by))

    def submit(self, now: datetime) -> Self | ChangeObjection:
        return self._after(Action.SUBMIT, now)

    def approve(self, by: str, now: datetime) -> Self | ChangeObjection:
        if not self.approval.may_be_given_by(by):
            return ChangeObjection.OWN
        approved = self._after(Action.APPROVE, now)
        if isinstance(approved, ChangeObjection):
            return approved
        return replace(approved, approval=self.approval.given(by, self.content.digest))

    def reject(self, because: str, now: datetime) -> Self | ChangeObjection:
        return self._ended(Action.REJECT, because, now)

    def schedule(self, now: datetime) -> Self | ChangeObjection:
        if self.content.apply_at is None:
            return ChangeObjection.UNDATED
        return self._after(Action.SCHEDULE, now) if self._may_hold else self._unapproved(Action.SCHEDULE)

    def apply(self, now: datetime) -> Self | ChangeObjection:
        """What was approved for a date is not applied before it; what lowers is."""
        if not self._may_hold:
            return self._unapproved(Action.APPLY)
        early = self.content.apply_at is not None and now < self.content.apply_at
        if early and self.direction is Direction.RAISES and not self.over:
            return ChangeObjection.EARLY
        return self._after(Action.APPLY, now)

    def halt(self, because: str, now: datetime) -> Self | ChangeObjection:
        """It will not be applied, although nobody said so: its base has moved, or the region is not well."""
        return self._ended(Action.HALT, because, now)

    def cancel(self, because: str, now: datetime) -> Self | ChangeObjection:
        return self._ended(Action.CANCEL, because, now)

    @property
    def _may_hold(self) -> bool:
        approved = self.state in _APPROVED and self.approval.holds_for(self.content.digest)
        return approved or self.direction is Direction.LOWERS

    def _unapproved(self, action: Action) -> ChangeObjection:
        return ChangeObjection.UNAPPROVED if self.state in _FROM[action] else ChangeObjection.STATE

    def _after(self, action: Action, now: datetime) -> Self | ChangeObjection:
        if self.state not in _FROM[action]:
            return ChangeObjection.STATE
        return replace(self, state=_TO[action], revision=self.revision + 1, changed_at=now)

    def _ended(self, action: Action, because: str, now: datetime) -> Self | ChangeObjection:
        ended = self._after(action, now)
        return ended if isinstance(ended, ChangeObjection) else replace(ended, ended_because=because)
