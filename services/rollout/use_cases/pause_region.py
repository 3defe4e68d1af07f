"""Pause a region, and let it go on: one person, or the guard, at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Protocol
from uuid import UUID

import structlog

from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.pause import Pause
from services.rollout.use_cases.changes import SYSTEM, Regions
from shared.events import Event, RegionPaused, RegionResumed

_log = structlog.get_logger()


class Begun(Enum):
    DONE = auto()
    UNKNOWN_REGION = auto()
    STANDS = auto()  # another pause of the region does
    STALE = auto()  # somebody resumed it after what the evidence is from


class Pauses(Protocol):
    """Where pauses are kept: each with its deed and its event, or not at all. Raises: DependencyUnavailable."""

    async def of_region(self, region: str) -> Pause | None:
        """The one that stands, or else the last that ended."""

    async def begin(self, pause: Pause, deed: Deed, event: Event, evidence_since: datetime | None = None) -> Begun: ...

    async def end(self, pause: Pause, deed: Deed, event: Event) -> bool:
        """False: it does not stand any more."""


@dataclass(frozen=True, slots=True)
class Paused:
    """`again`: it was paused before, and nothing was done now."""

    pause: Pause
    again: bool = False


class NotDone(Enum):
    UNKNOWN_REGION = auto()
    NOT_PAUSED = auto()
    STALE = auto()


class PauseRegion:
    """Every method raises DependencyUnavailable."""

    def __init__(
        self, pauses: Pauses, regions: Regions, clock: Callable[[], datetime], new_id: Callable[[], UUID]
    ) -> None:
        self._pauses = pauses
        self._regions = regions
        self._clock = clock
        self._new_id = new_id

    async def pause(self, region: str, by: str, because: str) -> Paused | NotDone:
        return await self._begin(Pause(id=self._new_id(), region=region, since=self._clock(), by=by, because=because))

    async def fail(
        self, region: str, because: str, figures: Mapping[str, Any], evidence_since: datetime
    ) -> Paused | NotDone:
        """By the guard: not if somebody resumed the region after `evidence_since`."""
        pause = Pause(
            id=self._new_id(), region=region, since=self._clock(), by=SYSTEM, because=because, figures=figures
        )
        return await self._begin(pause, evidence_since)

    async def resume(self, region: str, by: str, because: str) -> Pause | NotDone:
        standing = await self._pauses.of_region(region)
        if standing is None or not standing.stands:
            known = await self._regions.find(region)
            return NotDone.NOT_PAUSED if known else NotDone.UNKNOWN_REGION
        now = self._clock()
        ended = standing.end(by, because, now)
        event = RegionResumed(pause_id=ended.id, region=region, resumed_by=by, because=because, at=now)
        if not await self._pauses.end(ended, _deed(AuditAction.REGION_RESUMED, ended, by, because), event):
            return NotDone.NOT_PAUSED
        _log.info("region_resumed", region=region, by=by)
        return ended

    async def _begin(self, pause: Pause, evidence_since: datetime | None = None) -> Paused | NotDone:
        event = RegionPaused(
            pause_id=pause.id, region=pause.region, paused_by=pause.by, because=pause.because, at=pause.since
        )
        deed = _deed(AuditAction.REGION_PAUSED, pause, pause.by, pause.because)
        match await self._pauses.begin(pause, deed, event, evidence_since):
            case Begun.DONE:
                _log.warning("region_paused", region=pause.region, by=pause.by, because=pause.because)
                return Paused(pause)
            case Begun.UNKNOWN_REGION:
                return NotDone.UNKNOWN_REGION
            case Begun.STALE:
                return NotDone.STALE
            case Begun.STANDS:
                standing = await self._pauses.of_region(pause.region)
                if standing is not None and standing.stands:
                    return Paused(standing, again=True)
                return await self._begin(pause, evidence_since)  # resumed meanwhile


def _deed(action: AuditAction, pause: Pause, by: str, because: str) -> Deed:
    detail = {"because": because, "since": pause.since.isoformat(), "figures": pause.figures}
    return Deed(by, action, f"pause:{pause.id}", pause.region, detail)
