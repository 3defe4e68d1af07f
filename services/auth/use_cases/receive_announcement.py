"""rollout has announced something: keep it for those who spread it (spread_announcements.py)."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from services.auth.domain.announcement import Announcement
from shared.events import AnnouncementDue


class KeepsAnnouncements(Protocol):
    async def add(self, announcement: Announcement) -> None:
        """One that is there stays as it is, however far it has come. Raises: DependencyUnavailable."""


class ReceiveAnnouncement:
    """`pace`: notices a second, until an operator asks for another."""

    def __init__(self, announcements: KeepsAnnouncements, pace: int, now: Callable[[], datetime]) -> None:
        self._announcements = announcements
        self._pace = pace
        self._now = now

    async def __call__(self, event: AnnouncementDue) -> None:
        await self._announcements.add(
            Announcement(
                id=event.announcement_id,
                region=event.region,
                kind=event.kind,
                at=event.at,
                until=event.until,
                time_zone=event.time_zone,
                expires_at=event.expires_at,
                pace=self._pace,
                received_at=self._now(),
            )
        )
