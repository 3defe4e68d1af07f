"""Regions and decisions for tests, with only what the test is about spelt out."""

from datetime import UTC, datetime, timedelta

from services.rollout.domain.region import Decision, Policy, Region
from shared.events import PolicyMode

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
