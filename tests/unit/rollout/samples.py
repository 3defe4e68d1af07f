"""Regions and decisions for tests, with only what the test is about spelt out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.rollout.domain.announcement import Announcement, Wanted
from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.change import Change
from services.rollout.domain.content import Content
from services.rollout.domain.direction import Direction
from services.rollout.domain.region import Decision, Policy, Region
from services.rollout.use_cases.changes import Applied, deed
from services.rollout.use_cases.policy_event import policy_event
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


def applied_change(made: Region, change_id: UUID | None = None) -> tuple[Change, Deed, Applied]:
    """A change that makes this version, as it is written: by one person, since nobody looks at the direction again."""
    content = Content(region=made.name, base_version=made.version - 1, policy=made.policy, reason=made.reason)
    drafted = Change.draft(change_id or uuid4(), content, Direction.LOWERS, made.author, made.changed_at)
    change = drafted.apply(made.changed_at)
    assert isinstance(change, Change)
    return change, deed(AuditAction.CHANGE_APPLIED, change, made.author), Applied(made, policy_event(made))
