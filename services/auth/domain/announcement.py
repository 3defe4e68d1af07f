"""What all who it concerns in a region are told by mail, and how far that has come. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from shared.events import NoticeKind

MOST_PACE: Final = 10_000  # more than one auth can do: as good as no throttle
MOST_PER_PAGE: Final = 500  # what a kill can have mailed without a trace; the notifier knows the repeats by their ids
STALLED_AFTER: Final = timedelta(seconds=30)
_BEFORE_ALL: Final = UUID(int=0)
_CATCH_UP: Final = timedelta(seconds=1)
_SMOOTHING: Final = 0.2  # of the rate, towards the newest page: a change of pace shows within about ten pages


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    STALLED = "stalled"  # Kafka or PostgreSQL is away, or no auth runs
    PAUSED = "paused"
    DONE = "done"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Recipient:
    """`account_id` is also where paging goes on."""

    account_id: UUID
    email: str = field(repr=False)
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`after`: the last account that is done with. `unreachable`: how many had no usable address. `rate`: notices a
    second, lately. `total`: accounts that it concerned at the start; None: they took too long to count. `next_at`: when
    the pace allows another page.
    """

    next_at: datetime
    after: UUID = _BEFORE_ALL
    total: int | None = None
    sent: int = 0
    unreachable: int = 0
    rate: float = 0.0
    paged_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def started(self, total: int | None, now: datetime) -> Self:
        return replace(self, total=total, started_at=now)

    def after_page(self, page: list[Recipient], sent: int, pace: int, now: datetime) -> Self:
        """`page` was asked for with `page_size(pace)`: a shorter one was the last."""
        return replace(
            self,
            next_at=max(self.next_at, now - _CATCH_UP) + timedelta(seconds=len(page) / pace),
            after=page[-1].account_id if page else self.after,
            sent=self.sent + sent,
            unreachable=self.unreachable + len(page) - sent,
            rate=self._rate_with(sent, now),
            paged_at=now,
            finished_at=now if len(page) < page_size(pace) else None,
        )

    def _rate_with(self, sent: int, now: datetime) -> float:
        if self.paged_at is None or not timedelta(0) < now - self.paged_at < STALLED_AFTER:
            return self.rate  # it stood still meanwhile, and the wait says nothing of its speed
        lately = sent / (now - self.paged_at).total_seconds()
        return self.rate + _SMOOTHING * (lately - self.rate) if self.rate else lately


def page_size(pace: int) -> int:
    """A second's worth, so that a change of pace is felt within a second."""
    return min(pace, MOST_PER_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """`pace` is in notices a second."""

    id: UUID
    region: str
    kind: NoticeKind
    at: datetime
    until: datetime | None
    time_zone: str
    expires_at: datetime
    pace: int
    received_at: datetime
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An announcement and how far it has come."""

    announcement: Announcement
    progress: Progress

    def state(self, now: datetime) -> State:
        if self.progress.finished_at is not None:
            return State.DONE
        if self.announcement.expires_at <= now:
            return State.EXPIRED
        if self.announcement.paused_at is not None:
            return State.PAUSED
        if self.progress.started_at is None:
            return State.WAITING
        moved_at = max(self.progress.paged_at or self.progress.started_at, self.progress.next_at)
        return State.STALLED if now - moved_at > STALLED_AFTER else State.RUNNING

    def is_over(self, now: datetime) -> bool:
        return self.state(now) in (State.DONE, State.EXPIRED)

    def rate(self, now: datetime) -> float | None:
        """Notices a second; None: none go out, or not long enough to tell."""
        return self.progress.rate or None if self.state(now) is State.RUNNING else None

    def left_s(self, now: datetime) -> float | None:
        """Seconds until all are told, at the rate of now."""
        rate, total = self.rate(now), self.progress.total
        if rate is None or total is None:
            return None
        return max(total - self.progress.sent - self.progress.unreachable, 0) / rate
