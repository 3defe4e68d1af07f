"""An operator holds an announcement, lets it go on, or changes its pace."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.auth.domain.announcement import MOST_PACE, Standing
from services.auth.domain.audit import Action, AuditEntry


class NotControlled(StrEnum):
    UNKNOWN = "unknown"
    OVER = "over"  # done or expired
    PACE = f"not at a pace of 1 to {MOST_PACE}"


@dataclass(frozen=True, slots=True)
class Control:
    """What shall hold from `at` on. `pace` None: as it is."""

    at: datetime
    paused: bool | None = None
    pace: int | None = None


class ControlledAnnouncements(Protocol):
    async def control(self, announcement_id: UUID, control: Control, entry: AuditEntry) -> Standing | NotControlled:
        """Recorded in the same transaction, also what holds already: it is an operator's decision. Felt by the next
        page. Raises: DependencyUnavailable."""


class ControlAnnouncement:
    def __init__(self, announcements: ControlledAnnouncements, now: Callable[[], datetime]) -> None:
        self._announcements = announcements
        self._now = now

    async def pause(self, announcement_id: UUID, actor: str) -> Standing | NotControlled:
        return await self._control(
            announcement_id, Control(self._now(), paused=True), Action.ANNOUNCEMENT_PAUSED, actor
        )

    async def resume(self, announcement_id: UUID, actor: str) -> Standing | NotControlled:
        control = Control(self._now(), paused=False)
        return await self._control(announcement_id, control, Action.ANNOUNCEMENT_RESUMED, actor)

    async def set_pace(self, announcement_id: UUID, pace: int, actor: str) -> Standing | NotControlled:
        """`pace`: notices a second."""
        if not 1 <= pace <= MOST_PACE:
            return NotControlled.PACE
        return await self._control(announcement_id, Control(self._now(), pace=pace), Action.ANNOUNCEMENT_PACED, actor)

    async def _control(
        self, announcement_id: UUID, control: Control, action: Action, actor: str
    ) -> Standing | NotControlled:
        paced = {} if control.pace is None else {"pace": control.pace}
        entry = AuditEntry(actor, action, None, detail={"announcement_id": str(announcement_id), **paced})
        return await self._announcements.control(announcement_id, control, entry)
