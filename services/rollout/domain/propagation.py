"""Which instances of auth have applied what, and when it may be said that all have. Pure.

An instance is live while its heartbeats come, and silent when three are missing. A silent one that said no goodbye may
go on serving logins by an old policy, so it is shown and nothing is said of "everywhere" until it is heard again, an
operator forgets it, or it has been silent for long (docs/decisions/0022).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.events import InstanceForgotten, PolicyApplied

HEARTBEATS_MISSED: Final = 3


class InstanceState(StrEnum):
    LIVE = "live"
    SILENT = "silent"


class Standing(StrEnum):
    """Of an instance beside the region. `ahead`: it has a version that rollout does not know, as after a restore."""

    CURRENT = "current"
    BEHIND = "behind"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class KnownInstance:
    """As it last told of itself; `heard_at` by our clock, if its own is ahead."""

    last: PolicyApplied
    heard_at: datetime

    @property
    def id(self) -> UUID:
        return self.last.instance

    def state(self, now: datetime) -> InstanceState:
        patience = timedelta(seconds=HEARTBEATS_MISSED * self.last.every_s)
        return InstanceState.LIVE if now <= self.heard_at + patience else InstanceState.SILENT


class Instances:
    """All that were heard and have not gone. Forgets who was silent for longer than `forgotten_after`."""

    def __init__(self, forgotten_after: timedelta) -> None:
        self._forgotten_after = forgotten_after
        self._known: dict[UUID, KnownInstance] = {}
        self._forgotten: dict[UUID, datetime] = {}

    def heard(self, event: PolicyApplied, now: datetime) -> bool:
        """Whether it is more than a sign of life."""
        if event.going:
            return self._known.pop(event.instance, None) is not None
        forgotten = self._forgotten.get(event.instance)
        if forgotten is not None and event.at <= forgotten:
            return False
        before = self._known.get(event.instance)
        self._known[event.instance] = KnownInstance(event, min(event.at, now))
        return before is None or before.last.regions != event.regions or before.state(now) is InstanceState.SILENT

    def forget(self, event: InstanceForgotten) -> None:
        """Until it is heard again; the two topics may be read in any order."""
        self._forgotten[event.instance] = event.heartbeat_at
        known = self._known.get(event.instance)
        if known is not None and known.last.at <= event.heartbeat_at:
            del self._known[event.instance]

    def known(self, now: datetime) -> list[KnownInstance]:
        """By name."""
        for instance in list(self._known.values()):
            if now - instance.heard_at > self._forgotten_after:
                self._known.pop(instance.id, None)
        return sorted(self._known.values(), key=lambda instance: (instance.last.name, instance.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStanding:
    """`version` None: it does not know the region. `latency_ms` None: it had the policy when it began, or has not the
    region's version."""

    instance: UUID
    name: str
    version: int | None
    standing: Standing
    latency_ms: int | None
    state: InstanceState
    heartbeat_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Propagation:
    region: str
    version: int
    instances: Sequence[InstanceStanding]

    @property
    def everywhere(self) -> bool:
        """Whether every instance lives and has the region's version. Nobody is not everybody."""
        return bool(self.instances) and all(
            each.state is InstanceState.LIVE and each.standing is Standing.CURRENT for each in self.instances
        )

    @property
    def slowest_ms(self) -> int | None:
        return max((each.latency_ms for each in self.instances if each.latency_ms is not None), default=None)

    def looks_like(self, other: "Propagation") -> bool:
        """Whether it says the same, whenever heartbeats came."""
        return self._told() == other._told()

    def _told(self) -> tuple[object, ...]:
        standings = [(each.instance, each.version, each.standing, each.state) for each in self.instances]
        return (self.region, self.version, standings)


def propagation(region: str, version: int, instances: Iterable[KnownInstance], now: datetime) -> Propagation:
    """`instances` as they were known before `version` was read: else one may be ahead that is not."""
    standings = tuple(_standing(each, region, version, now) for each in instances)
    return Propagation(region=region, version=version, instances=standings)


def _standing(instance: KnownInstance, region: str, version: int, now: datetime) -> InstanceStanding:
    applied = instance.last.regions.get(region)
    standing = _beside(version, applied.version if applied else 0)
    return InstanceStanding(
        instance=instance.id,
        name=instance.last.name,
        version=applied.version if applied else None,
        standing=standing,
        latency_ms=applied.latency_ms if applied and standing is Standing.CURRENT else None,
        state=instance.state(now),
        heartbeat_at=instance.heard_at,
    )


def _beside(version: int, applied: int) -> Standing:
    if applied == version:
        return Standing.CURRENT
    return Standing.AHEAD if applied > version else Standing.BEHIND
