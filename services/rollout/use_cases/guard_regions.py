"""Look at every region that asks people for codes, and pause those that are not well. Never more than that: whoever is
asked for a code still is, and a person decides what comes next."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from services.rollout.domain.pause import Pause
from services.rollout.domain.region import Policy, Region
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.verdict import Result, Verdict
from services.rollout.use_cases.pause_region import PauseRegion
from services.rollout.use_cases.watch_regions import WatchRegions
from shared.events import PolicyMode

_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TOLD_FOR: Final = timedelta(seconds=30)

_log = structlog.get_logger()


class Regions(Protocol):
    """Raises: DependencyUnavailable."""

    async def all(self) -> list[Region]: ...

    async def find(self, name: str) -> Region | None: ...


class HeldTo(Protocol):
    async def thresholds(self) -> Mapping[str, Thresholds]:
        """Of regions that a running plan holds to its own. Raises: DependencyUnavailable."""


class LatestPauses(Protocol):
    """Raises: DependencyUnavailable."""

    async def latest(self) -> dict[str, Pause]:
        """Of each region: the pause that stands, or the last one that ended."""

    async def of_region(self, region: str) -> Pause | None: ...


@dataclass(frozen=True, slots=True)
class Guarded:
    """A region as the guard sees it, held to `thresholds`; only what came after `since` is evidence."""

    region: Region
    verdict: Verdict
    thresholds: Thresholds
    since: datetime
    pause: Pause | None


class GuardRegions:
    def __init__(
        self,
        watch: WatchRegions,
        regions: Regions,
        pauses: LatestPauses,
        pause: PauseRegion,
        held_to: HeldTo,
        thresholds: Thresholds,
        now: Callable[[], datetime],
    ) -> None:
        self._watch = watch
        self._regions = regions
        self._pauses = pauses
        self._pause = pause
        self._held_to = held_to
        self._thresholds = thresholds
        self._now = now
        self._seen: tuple[datetime, Mapping[str, Guarded]] | None = None

    async def round(self) -> None:
        """Harmless when several do it at once. Raises: DependencyUnavailable."""
        pauses, held_to = await self._pauses.latest(), await self._held_to.thresholds()
        seen = {}
        for region in await self._regions.all():
            seen[region.name] = self._look(region, pauses.get(region.name), held_to)
            await asyncio.sleep(0)  # a look takes milliseconds
        self._seen = self._now(), seen
        for guarded in seen.values():
            verdict = guarded.verdict
            if verdict.result is Result.FAIL and guarded.pause is None and _asks(guarded.region.policy, self._now()):
                name = guarded.region.name
                await self._pause.fail(name, verdict.because, verdict.as_json(), guarded.since)

    async def look(self, name: str) -> Guarded | None:
        """None: no such region. Raises: DependencyUnavailable."""
        region = await self._regions.find(name)
        if region is None:
            return None
        return self._look(region, await self._pauses.of_region(name), await self._held_to.thresholds())

    def seen(self) -> Mapping[str, Guarded]:
        """In the newest round; nothing if there was none of late: it may be another instance's task now."""
        if self._seen is None or self._now() - self._seen[0] > _TOLD_FOR:
            return {}
        return self._seen[1]

    def _look(self, region: Region, last: Pause | None, held_to: Mapping[str, Thresholds]) -> Guarded:
        since = _EVER if last is None or last.ended_at is None else last.ended_at
        thresholds = held_to.get(region.name, self._thresholds)
        verdict = self._watch.verdict(region.name, since, thresholds, region.changed_at)
        standing = last if last is not None and last.stands else None
        return Guarded(region, verdict, thresholds, since, standing)


def _asks(policy: Policy, now: datetime) -> bool:
    """Whether anybody is asked for a code; a bypass ends by the clock."""
    if policy.mode is PolicyMode.BYPASSED:
        return policy.bypass_until is not None and policy.bypass_until <= now
    return policy.mode in (PolicyMode.RAMP, PolicyMode.ENFORCED)
