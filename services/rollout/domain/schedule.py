"""The public schedule: who is next, and when. Pure.

Public means: nothing that helps an attacker or that only we need. Shadow looks like off, a ramp does not say how far
it is, and a bypassed region looks required, because "no code is asked here today" is what an attacker waits for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from services.rollout.domain.region import Policy, Region
from shared.events import PolicyMode

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class PublicState(StrEnum):
    """Where a region stands, in words for the people in it."""

    NOT_PLANNED = "not-planned"
    PLANNED = "planned"
    ANNOUNCED = "announced"
    POSTPONED = "postponed"
    ROLLING_OUT = "rolling-out"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    region: str
    state: PublicState
    announce_at: datetime | None
    enforce_at: datetime | None


def public_state(policy: Policy, now: datetime) -> PublicState:
    if policy.mode in (PolicyMode.ENFORCED, PolicyMode.BYPASSED):
        return PublicState.REQUIRED
    if policy.mode is PolicyMode.RAMP:
        return PublicState.ROLLING_OUT
    if policy.enforce_at is not None and policy.enforce_at <= now:
        return PublicState.POSTPONED  # the date went by and nothing was switched on
    if policy.announce_at is not None and policy.announce_at <= now:
        return PublicState.ANNOUNCED
    planned = policy.announce_at is not None or policy.enforce_at is not None
    return PublicState.PLANNED if planned else PublicState.NOT_PLANNED


def public_schedule(regions: Iterable[Region], now: datetime) -> list[ScheduleEntry]:
    """In order of enforcement, regions without a date last, and by name where the date is the same."""
    ordered = sorted(regions, key=lambda region: (region.policy.enforce_at or _NEVER, region.name))
    return [
        ScheduleEntry(
            region.name,
            public_state(region.policy, now),
            region.policy.announce_at,
            region.policy.enforce_at,
        )
        for region in ordered
    ]
