"""Have the people of a region told by mail of what begins there: once for an id, however often it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

import structlog

from services.rollout.domain.announcement import Announcement, AnnouncementObjection, Wanted
from services.rollout.domain.audit import AuditAction, Deed
from shared.events import AnnouncementDue, Event

_log = structlog.get_logger()


class Entered(Enum):
    ADDED = auto()
    ID_TAKEN = auto()
    UNKNOWN_REGION = auto()


class Announcements(Protocol):
    async def find(self, announcement_id: UUID) -> Announcement | None:
        """Raises: DependencyUnavailable."""

    async def add(self, announcement: Announcement, event: Event, deed: Deed) -> Entered:
        """Also record `event` for publication and `deed` in the audit, in the same transaction. Raises:
        DependencyUnavailable."""


@dataclass(frozen=True, slots=True)
class Announced:
    """`again`: it had been announced before, and nothing was done now."""

    announcement: Announcement
    again: bool = False


class NotAnnounced(Enum):
    UNKNOWN_REGION = auto()
    OTHER_CONTENT = auto()  # of an id that stands for another announcement


class Announce:
    def __init__(self, announcements: Announcements, clock: Callable[[], datetime]) -> None:
        self._announcements = announcements
        self._clock = clock

    async def __call__(self, announcement_id: UUID, wanted: Wanted) -> Announced | AnnouncementObjection | NotAnnounced:
        """`announcement_id`: the caller's, and the same for the same announcement."""
        # First: a repeat is no less a repeat for coming after the date.
        if (standing := await self._announcements.find(announcement_id)) is not None:
            return _repeated(standing, wanted)
        announcement = Announcement.of(announcement_id, wanted, self._clock())
        if isinstance(announcement, AnnouncementObjection):
            return announcement
        event = announcement_event(announcement)
        match await self._announcements.add(announcement, event, announcement_deed(event, wanted.author)):
            case Entered.ADDED:
                _log.info("announced", announcement_id=str(announcement_id), region=wanted.region, kind=wanted.kind)
                return Announced(announcement)
            case Entered.UNKNOWN_REGION:
                return NotAnnounced.UNKNOWN_REGION
            case Entered.ID_TAKEN:  # meanwhile
                standing = await self._announcements.find(announcement_id)
                return NotAnnounced.OTHER_CONTENT if standing is None else _repeated(standing, wanted)


def _repeated(standing: Announcement, wanted: Wanted) -> Announced | NotAnnounced:
    return Announced(standing, again=True) if standing.tells(wanted) else NotAnnounced.OTHER_CONTENT


def announcement_event(announcement: Announcement) -> AnnouncementDue:
    return AnnouncementDue(
        announcement_id=announcement.id,
        region=announcement.region,
        kind=announcement.kind,
        at=announcement.at,
        until=announcement.until,
        time_zone=announcement.time_zone,
        expires_at=announcement.expires_at,
    )


def announcement_deed(event: AnnouncementDue, author: str) -> Deed:
    subject = f"announcement:{event.announcement_id}"
    return Deed(author, AuditAction.ANNOUNCED, subject, event.region, event.model_dump(mode="json"))
