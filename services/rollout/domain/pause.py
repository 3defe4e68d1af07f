"""A pause: while it lasts, nothing raises its region. It changes no policy: who is asked for a code still is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from services.rollout.domain.change import Change
from services.rollout.domain.direction import Direction
from shared.events import PolicyMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """`by`: an operator's name, or `system` for the guard. `figures`: what the guard saw, as JSON. It stands until
    somebody ends it."""

    id: UUID
    region: str
    since: datetime
    by: str
    because: str
    figures: Mapping[str, Any] | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_because: str | None = None

    @property
    def stands(self) -> bool:
        return self.ended_at is None

    def end(self, by: str, because: str, now: datetime) -> Self:
        return replace(self, ended_at=now, ended_by=by, ended_because=because)


def waits_for_resume(change: Change) -> bool:
    """Whether it may not be applied while its region is paused: it raises, and is no way out of an outage."""
    return change.direction is Direction.RAISES and change.content.policy.mode is not PolicyMode.BYPASSED
