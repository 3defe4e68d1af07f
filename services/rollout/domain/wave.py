"""A wave of a plan: regions that begin on the same dates, each on its own clock, and the ladder that each climbs.
Pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from services.rollout.domain.direction import burden
from services.rollout.domain.region import EVERYBODY, Policy, after_bypass
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.wall_clock import moment
from shared.events import PolicyMode


@dataclass(frozen=True, slots=True)
class Member:
    """A region of a wave. `time_zone` is an IANA name; `base_version` that at which it stood when this was written."""

    region: str
    time_zone: str
    base_version: int


class RungName(StrEnum):
    DATED = "dated"  # as before, but the dates are public
    SHADOW = "shadow"
    STEP = "step"
    ENFORCED = "enforced"


@dataclass(frozen=True, slots=True)
class Rung:
    """`due`: the planned moment; None: as soon as the plan runs."""

    name: RungName
    policy: Policy
    due: datetime | None

    @property
    def asks(self) -> bool:
        """Whether it asks people for a code."""
        return self.name in _ASKING

    def passed(self, standing: Policy | None) -> bool:
        """Whether a region that stands so is on this rung, or above it."""
        if standing is None:
            return False
        if self.name is RungName.DATED:
            dates = (self.policy.announce_at, self.policy.enforce_at)
            return (standing.announce_at, standing.enforce_at) == dates
        return burden(standing) >= burden(self.policy)


_ASKING: Final = frozenset({RungName.STEP, RungName.ENFORCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Dates are wall-clock times without offset, on the clock of each region. `steps`: shares in basis points, rising;
    after the last of them the region is enforced. Of `step_every` whole days are added on the wall clock, so that steps
    a day apart stay at their hour when the clocks change. `thresholds`: what its gates hold the regions to; None: the
    guard's own.
    """

    name: str
    members: tuple[Member, ...]
    announce_at: datetime | None
    shadow_at: datetime | None
    begin_at: datetime
    steps: tuple[int, ...]
    step_every: timedelta
    thresholds: Thresholds | None = None

    @property
    def ends_at(self) -> datetime:
        """When the requirement is to hold for everybody."""
        return self.begin_at + len(self.steps) * self.step_every

    @property
    def notice(self) -> timedelta | None:
        """How long before it begins people are told."""
        return None if self.announce_at is None else self.begin_at - self.announce_at

    def as_json(self) -> dict[str, Any]:
        """Times in ISO 8601, `step_every` in seconds."""
        told = {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }
        return told | {"step_every": self.step_every.total_seconds()}

    def ladder(self, member: Member, standing: Policy | None) -> Iterator[Rung]:
        """From the lowest rung; the first keeps what the region asks for, and only says when that will change."""
        zone = member.time_zone
        announce_at = None if self.announce_at is None else moment(self.announce_at, zone)
        enforce_at = moment(self.ends_at, zone)
        before = Policy(PolicyMode.OFF, 0) if standing is None else after_bypass(standing)
        yield Rung(RungName.DATED, replace(before, announce_at=announce_at, enforce_at=enforce_at), None)
        if self.shadow_at is not None:
            shadow = Policy(PolicyMode.SHADOW, 0, announce_at, enforce_at)
            yield Rung(RungName.SHADOW, shadow, moment(self.shadow_at, zone))
        for number, share in enumerate(self.steps):
            due = moment(self.begin_at + number * self.step_every, zone)
            yield Rung(RungName.STEP, Policy(PolicyMode.RAMP, share, announce_at, enforce_at), due)
        enforced = Policy(PolicyMode.ENFORCED, EVERYBODY, announce_at, enforce_at)
        yield Rung(RungName.ENFORCED, enforced, enforce_at)
