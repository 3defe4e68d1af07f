"""What the people of a region are told by mail before it begins, and what makes that unacceptable. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, Self
from uuid import UUID

from services.rollout.domain.region import LONGEST_BYPASS
from shared.events import NoticeKind

Kind = Literal[NoticeKind.ADVANCE_NOTICE, NoticeKind.BYPASS_ACTIVE]

FARTHEST: Final = timedelta(days=366)  # a date beyond it is a slip of the keyboard


class AnnouncementObjection(StrEnum):
    """Why an announcement is refused."""

    PAST = "at_in_the_past"
    TOO_FAR = "at_too_far_ahead"
    UNTIL_WITHOUT_BYPASS = "until_without_bypass"
    BYPASS_NEEDS_UNTIL = "bypass_needs_until"
    BYPASS_OVER = "until_in_the_past"
    BYPASS_LENGTH = "bypass_of_0_to_4_hours"
    EXPIRES = "expires_at_out_of_bounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be told: that it begins `at`, and ends at `until`, on the clock of `time_zone` (an IANA name).

    `expires_at`: when nobody is mailed any more; None: once it begins, and of a bypass once it ends.
    """

    region: str
    kind: Kind
    at: datetime
    time_zone: str
    author: str
    until: datetime | None = None
    expires_at: datetime | None = None

    @property
    def latest(self) -> datetime | None:
        """After which the mail would not be true any more."""
        return self.until if self.kind is NoticeKind.BYPASS_ACTIVE else self.at

    def objection(self, now: datetime) -> AnnouncementObjection | None:
        if self.at > now + FARTHEST:
            return AnnouncementObjection.TOO_FAR
        if objection := self._bypass_objection(now) if self.kind is NoticeKind.BYPASS_ACTIVE else self._plain(now):
            return objection
        assert self.latest is not None
        if self.expires_at is not None and not now < self.expires_at <= self.latest:
            return AnnouncementObjection.EXPIRES
        return None

    def _plain(self, now: datetime) -> AnnouncementObjection | None:
        if self.until is not None:
            return AnnouncementObjection.UNTIL_WITHOUT_BYPASS
        return AnnouncementObjection.PAST if self.at <= now else None

    def _bypass_objection(self, now: datetime) -> AnnouncementObjection | None:
        """It may have begun: that is when people are told."""
        if self.until is None:
            return AnnouncementObjection.BYPASS_NEEDS_UNTIL
        if not timedelta(0) < self.until - self.at <= LONGEST_BYPASS:
            return AnnouncementObjection.BYPASS_LENGTH
        return AnnouncementObjection.BYPASS_OVER if self.until <= now else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    id: UUID
    region: str
    kind: Kind
    at: datetime
    until: datetime | None
    time_zone: str
    expires_at: datetime
    author: str
    announced_at: datetime

    @classmethod
    def of(cls, announcement_id: UUID, wanted: Wanted, now: datetime) -> Self | AnnouncementObjection:
        if objection := wanted.objection(now):
            return objection
        expires_at = wanted.expires_at or wanted.latest
        assert expires_at is not None  # a bypass without an end was objected to
        return cls(
            id=announcement_id,
            region=wanted.region,
            kind=wanted.kind,
            at=wanted.at,
            until=wanted.until,
            time_zone=wanted.time_zone,
            expires_at=expires_at,
            author=wanted.author,
            announced_at=now,
        )

    def tells(self, wanted: Wanted) -> bool:
        """Whether this is what was wanted, whoever wanted it."""
        told = (self.region, self.kind, self.at, self.until, self.time_zone, self.expires_at)
        expires_at = wanted.expires_at or wanted.latest
        return told == (wanted.region, wanted.kind, wanted.at, wanted.until, wanted.time_zone, expires_at)
