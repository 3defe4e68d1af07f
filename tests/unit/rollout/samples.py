"""Regions and decisions for tests, with only what the test is about spelt out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.rollout.domain.announcement import Announcement, Wanted
from services.rollout.domain.region import Decision, Policy, Region
from shared.events import NoticeKind, PolicyMode

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OFF = Policy(PolicyMode.OFF, 0)
RAMP = Policy(PolicyMode.RAMP, 2_500)
ENFORCED = Policy(PolicyMode.ENFORCED, 10_000)


def decision(policy: Policy = RAMP, author: str = "rosa", reason: str = "wave 1") -> Decision:
    return Decision(policy, author, reason)


def region(name: str = "emea", policy: Policy = OFF, version: int = 1) -> Region:
    return Region(
        name=name,
        salt="salt-of-this-region",
        version=version,
        policy=policy,
        author="rosa",
        reason="wave 1",
        changed_at=NOON,
    )


def wanted(**changes: Any) -> Wanted:
    """An advance notice of what begins in a week."""
    values: dict[str, Any] = {
        "region": "emea",
        "kind": NoticeKind.ADVANCE_NOTICE,
        "at": NOON + 7 * DAY,
        "time_zone": "Europe/Berlin",
        "author": "rosa",
    }
    return Wanted(**(values | changes))


def announcement(announcement_id: UUID, now: datetime = NOON, **changes: Any) -> Announcement:
    made = Announcement.of(announcement_id, wanted(**changes), now)
    assert isinstance(made, Announcement)
    return made
