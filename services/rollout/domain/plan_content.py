"""What a plan says, and what makes it unacceptable. Pure."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, Self

from services.rollout.domain.region import EVERYBODY
from services.rollout.domain.wave import Wave

LONGEST_INTERVAL: Final = timedelta(days=90)
LONGEST_NOTICE: Final = timedelta(days=365)  # a mail names no date farther ahead (announcement.py)


class PlanObjection(StrEnum):
    """Why a plan is refused as it is written."""

    REGION_TWICE = "region_twice"
    STEPS_DO_NOT_RISE = "steps_do_not_rise"
    STEP_INTERVAL = "step_every_of_1_second_to_90_days"
    ANNOUNCED_TOO_LATE = "announced_after_it_begins"
    NOTICE = "notice_of_1_second_to_365_days"
    SHADOW_TOO_SHORT = "shadow_shorter_than_step_every"
    WAVES_OUT_OF_ORDER = "wave_begins_before_the_one_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContent:
    """What an approval of a plan is bound to: names, dates, steps, and the versions that its regions stand at."""

    name: str
    reason: str
    waves: tuple[Wave, ...]

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "reason": self.reason, "waves": [wave.as_json() for wave in self.waves]}

    @property
    def regions(self) -> frozenset[str]:
        return frozenset(member.region for wave in self.waves for member in wave.members)

    def on_bases(self, versions: Mapping[str, int]) -> Self:
        """The same, on the versions at which its regions stand; of one that does not exist: 0."""
        waves = []
        for wave in self.waves:
            members = (replace(member, base_version=versions.get(member.region, 0)) for member in wave.members)
            waves.append(replace(wave, members=tuple(members)))
        return replace(self, waves=tuple(waves))

    def objection(self) -> PlanObjection | None:
        if max(Counter(member.region for wave in self.waves for member in wave.members).values()) > 1:
            return PlanObjection.REGION_TWICE
        if any(after.begin_at < before.begin_at for before, after in pairwise(self.waves)):
            return PlanObjection.WAVES_OUT_OF_ORDER
        return next((found for wave in self.waves if (found := _objection(wave))), None)


def _objection(wave: Wave) -> PlanObjection | None:
    if any(after <= before for before, after in pairwise((0, *wave.steps, EVERYBODY))):
        return PlanObjection.STEPS_DO_NOT_RISE
    if not timedelta(seconds=1) <= wave.step_every <= LONGEST_INTERVAL:
        return PlanObjection.STEP_INTERVAL
    if wave.announce_at is not None and wave.announce_at >= wave.begin_at:
        return PlanObjection.ANNOUNCED_TOO_LATE
    if wave.notice is not None and not timedelta(seconds=1) <= wave.notice <= LONGEST_NOTICE:
        return PlanObjection.NOTICE
    if wave.shadow_at is not None and wave.shadow_at + wave.step_every > wave.begin_at:
        return PlanObjection.SHADOW_TOO_SHORT
    return None
