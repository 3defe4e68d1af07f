"""Announcements in memory, and the accounts they concern. tests/contracts/auth/test_announcements.py holds them to what
PostgreSQL does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.domain.announcement import Announcement, Progress, Recipient, Standing
from services.auth.domain.audit import AuditEntry
from services.auth.use_cases.control_announcement import Control, NotControlled
from shared.events import NoticeKind
from shared.unavailable import DependencyUnavailable
from tests.fakes import NOW


def announcement(announcement_id: UUID, **changes: Any) -> Announcement:
    values: dict[str, Any] = {
        "id": announcement_id,
        "region": "emea",
        "kind": NoticeKind.ADVANCE_NOTICE,
        "at": NOW + timedelta(days=7),
        "until": None,
        "time_zone": "Europe/Berlin",
        "expires_at": NOW + timedelta(days=7),
        "pace": 50,
        "received_at": NOW,
    }
    return Announcement(**(values | changes))


@dataclass
class FakeTurn:
    standing: Standing
    accounts: list[Account]
    saved: Progress | None = None

    async def page(self, limit: int) -> list[Recipient]:
        region, after = self.standing.announcement.region, self.standing.progress.after
        following = [each for each in self.accounts if each.region == region and each.id > after and _concerned(each)]
        chosen = sorted(following, key=lambda each: each.id)[:limit]
        return [Recipient(each.id, each.email, each.locale) for each in chosen]

    async def save(self, progress: Progress) -> None:
        self.saved = progress


@dataclass
class FakeAnnouncements:
    accounts: list[Account] = field(default_factory=list)
    standings: dict[UUID, Standing] = field(default_factory=dict)
    audited: list[AuditEntry] = field(default_factory=list)
    in_hand: set[UUID] = field(default_factory=set)
    countless: bool = False

    async def add(self, added: Announcement) -> None:
        self.standings.setdefault(added.id, Standing(added, Progress(next_at=added.received_at)))

    @asynccontextmanager
    async def turn(self, now: datetime) -> AsyncIterator[FakeTurn | None]:
        due = [each for each in self.standings.values() if self._is_due(each, now)]
        if not due:
            yield None
            return
        chosen = min(due, key=lambda each: each.progress.next_at)
        announcement_id = chosen.announcement.id
        self.in_hand.add(announcement_id)
        try:
            turn = FakeTurn(chosen, self.accounts)
            yield turn
            if turn.saved is not None and announcement_id in self.standings:
                self.standings[announcement_id] = replace(self.standings[announcement_id], progress=turn.saved)
        finally:
            self.in_hand.discard(announcement_id)

    def _is_due(self, standing: Standing, now: datetime) -> bool:
        held = standing.announcement.paused_at is not None or standing.announcement.id in self.in_hand
        return not held and not standing.is_over(now) and standing.progress.next_at <= now

    async def count(self, region: str) -> int:
        if self.countless:
            raise DependencyUnavailable("postgres")
        return sum(each.region == region and _concerned(each) for each in self.accounts)

    async def find(self, announcement_id: UUID) -> Standing | None:
        return self.standings.get(announcement_id)

    async def newest(self) -> list[Standing]:
        return sorted(
            self.standings.values(),
            key=lambda each: (-each.announcement.received_at.timestamp(), each.announcement.id),
        )

    async def control(self, announcement_id: UUID, control: Control, entry: AuditEntry) -> Standing | NotControlled:
        standing = self.standings.get(announcement_id)
        if standing is None:
            return NotControlled.UNKNOWN
        if standing.is_over(control.at):
            return NotControlled.OVER
        changed = standing.announcement
        if control.pace is not None:
            changed = replace(changed, pace=control.pace)
        if control.paused is not None:
            changed = replace(changed, paused_at=control.at if control.paused else None)
        self.standings[announcement_id] = replace(standing, announcement=changed)
        self.audited.append(entry)
        return self.standings[announcement_id]


def _concerned(account: Account) -> bool:
    return account.may_sign_in and not account.own_mfa and not account.totp
