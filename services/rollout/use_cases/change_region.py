"""Create a region, or change its policy by compare-and-set on its version."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

import structlog

from services.rollout.domain.region import Decision, Region
from services.rollout.use_cases.policy_event import policy_event
from shared.events import Event, PolicyMode

_log = structlog.get_logger()


class Regions(Protocol):
    """Where regions are kept. What writes also records `event` for publication, in the same transaction."""

    async def create(self, region: Region, event: Event) -> bool:
        """False: a region of that name exists, and nothing was written."""

    async def advance(self, region: Region, event: Event) -> bool:
        """Go from `region.version - 1` to `region`. False: it no longer stands there, and nothing was written."""

    async def find(self, name: str) -> Region | None: ...


class Why(Enum):
    """Why a change was refused."""

    TWO_PEOPLE = auto()
    EXISTS = auto()
    UNKNOWN = auto()
    STALE = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """`current` is the version that stands, where there is one."""

    why: Why
    current: int | None = None


class ChangeRegion:
    def __init__(self, regions: Regions, clock: Callable[[], datetime], new_salt: Callable[[], str]) -> None:
        self._regions = regions
        self._clock = clock
        self._new_salt = new_salt

    async def create(self, name: str, decision: Decision) -> Region | Refusal:
        if _needs_two_people(decision):
            return Refusal(Why.TWO_PEOPLE)
        region = Region.first(name, self._new_salt(), decision, self._clock())
        if not await self._regions.create(region, policy_event(region)):
            standing = await self._regions.find(name)
            return Refusal(Why.EXISTS, standing.version if standing else None)
        return _changed(region)

    async def change(self, name: str, expected: int, decision: Decision) -> Region | Refusal:
        """`expected` is the version that the decision was made on."""
        if _needs_two_people(decision):
            return Refusal(Why.TWO_PEOPLE)
        standing = await self._regions.find(name)
        if standing is None:
            return Refusal(Why.UNKNOWN)
        if standing.version != expected:
            return Refusal(Why.STALE, standing.version)
        region = standing.next(decision, self._clock())
        if not await self._regions.advance(region, policy_event(region)):
            standing = await self._regions.find(name)
            return Refusal(Why.STALE, standing.version if standing else None)
        return _changed(region)


def _needs_two_people(decision: Decision) -> bool:
    """A bypass is for two people (DESIGN §5), and there is no way yet for the second to say yes."""
    return decision.policy.mode is PolicyMode.BYPASSED


def _changed(region: Region) -> Region:
    _log.info("region_changed", region=region.name, version=region.version, mode=region.policy.mode.value)
    return region
