"""Rollout's database and Kafka, by hand. tests/contracts/rollout holds the database to what the real one does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.rollout.domain.announcement import Announcement
from services.rollout.domain.audit import Deed
from services.rollout.domain.change import Change, State
from services.rollout.domain.pause import Pause, waits_for_resume
from services.rollout.domain.region import Region
from services.rollout.use_cases.announce import Entered
from services.rollout.use_cases.changes import Applied, Written
from services.rollout.use_cases.outbox import Pending
from services.rollout.use_cases.pause_region import Begun
from shared.events import Event, RegionPolicyChanged
from shared.unavailable import DependencyUnavailable


@dataclass
class FakeDatabase:
    """Regions, pauses and outbox in one, as in PostgreSQL."""

    versions: dict[str, list[Region]] = field(default_factory=dict)
    waiting: list[Pending] = field(default_factory=list)
    pauses: dict[str, list[Pause]] = field(default_factory=dict)
    leader: "FakeRelaySession | None" = None
    notifies: bool = True
    listeners: list[Callable[[], None]] = field(default_factory=list)
    _ids: int = 0

    def version(self, name: str) -> int:
        return self.versions[name][-1].version if name in self.versions else 0

    def is_paused(self, region: str) -> bool:
        return any(pause.stands for pause in self.pauses.get(region, ()))

    def write_version(self, region: Region, event: Event) -> None:
        self.versions.setdefault(region.name, []).append(region)
        self.append(event)

    def append(self, event: Event) -> None:
        self._ids += 1
        self.waiting.append(Pending(self._ids, event, {}, 0.0))
        for wake in self.listeners if self.notifies else ():
            wake()

    async def find(self, name: str) -> Region | None:
        return self.versions[name][-1] if name in self.versions else None

    async def all(self) -> list[Region]:
        return [self.versions[name][-1] for name in sorted(self.versions)]

    async def at_version(self, name: str, version: int) -> Region | None:
        return next((region for region in self.versions.get(name, []) if region.version == version), None)

    async def history(self, name: str) -> list[Region]:
        return list(self.versions.get(name, []))

    @asynccontextmanager
    async def session(self, wake: Callable[[], None]) -> AsyncIterator["FakeRelaySession"]:
        session = FakeRelaySession(self)
        self.listeners.append(wake)
        try:
            yield session
        finally:
            self.listeners.remove(wake)
            if self.leader is session:
                self.leader = None


@dataclass
class FakeChanges:
    """Changes of a database's regions, and what was done with them."""

    database: FakeDatabase
    kept: dict[UUID, Change] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)

    async def find(self, change_id: UUID) -> Change | None:
        return self.kept.get(change_id)

    async def write(self, before: Change | None, change: Change, deed: Deed, applied: Applied | None = None) -> Written:
        standing = self.kept.get(change.id)
        if applied is not None and self.database.version(applied.region.name) != applied.region.version - 1:
            return Written.REGION_MOVED
        if applied is not None and waits_for_resume(change) and self.database.is_paused(applied.region.name):
            return Written.REGION_PAUSED
        if (standing and standing.revision) != (before and before.revision):
            return Written.CHANGE_MOVED
        if applied is not None:
            self.database.write_version(applied.region, applied.event)
        self.kept[change.id] = change
        self.deeds.append(deed)
        return Written.DONE

    async def listed(
        self, *, region: str | None, states: Sequence[State], before: int | None, limit: int
    ) -> list[tuple[int, Change]]:
        placed = list(enumerate(self.kept.values(), start=1))
        chosen = [
            (place, change)
            for place, change in reversed(placed)
            if (region is None or change.content.region == region)
            and (not states or change.state in states)
            and (before is None or place < before)
        ]
        return chosen[:limit]

    async def due(self, now: datetime) -> list[Change]:
        due = [change for change in self.kept.values() if change.due(now)]
        return sorted(due, key=lambda change: change.content.apply_at or now)


@dataclass
class FakePauses:
    """Pauses of a database's regions, and what was done with them; `tried`: to begin one."""

    database: FakeDatabase
    deeds: list[Deed] = field(default_factory=list)
    tried: int = 0

    async def paused(self) -> dict[str, Pause]:
        return {region: pause for region, pause in (await self.latest()).items() if pause.stands}

    async def latest(self) -> dict[str, Pause]:
        return {region: pauses[-1] for region, pauses in self.database.pauses.items()}

    async def of_region(self, region: str) -> Pause | None:
        return (await self.latest()).get(region)

    async def begin(self, pause: Pause, deed: Deed, event: Event, evidence_since: datetime | None = None) -> Begun:
        self.tried += 1
        last = await self.of_region(pause.region)
        if not self.database.version(pause.region):
            return Begun.UNKNOWN_REGION
        if last is not None and last.ended_at is None:
            return Begun.STANDS
        if last is not None and last.ended_at and evidence_since is not None and last.ended_at > evidence_since:
            return Begun.STALE
        self.database.pauses.setdefault(pause.region, []).append(pause)
        self._done(deed, event)
        return Begun.DONE

    async def end(self, pause: Pause, deed: Deed, event: Event) -> bool:
        standing = await self.of_region(pause.region)
        if standing is None or not standing.stands or standing.id != pause.id:
            return False
        self.database.pauses[pause.region][-1] = pause
        self._done(deed, event)
        return True

    def _done(self, deed: Deed, event: Event) -> None:
        self.deeds.append(deed)
        self.database.append(event)


@dataclass
class FakeAnnouncements:
    """Announcements of a database's regions."""

    database: FakeDatabase
    entered: dict[UUID, Announcement] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)

    async def add(self, announcement: Announcement, event: Event, deed: Deed) -> Entered:
        if await self.database.find(announcement.region) is None:
            return Entered.UNKNOWN_REGION
        if announcement.id in self.entered:
            return Entered.ID_TAKEN
        self.entered[announcement.id] = announcement
        self.database.append(event)
        self.deeds.append(deed)
        return Entered.ADDED

    async def find(self, announcement_id: UUID) -> Announcement | None:
        return self.entered.get(announcement_id)

    async def of_region(self, region: str) -> list[Announcement] | None:
        if await self.database.find(region) is None:
            return None
        told = [each for each in self.entered.values() if each.region == region]
        return sorted(told, key=lambda each: (-each.announced_at.timestamp(), each.id))


class FakeRelaySession:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def lead(self) -> bool:
        if self._database.leader is None:
            self._database.leader = self
        return self._database.leader is self

    async def next(self) -> Pending | None:
        policies = [each for each in self._database.waiting if isinstance(each.event, RegionPolicyChanged)]
        return next(iter(policies + self._database.waiting), None)

    async def published(self, pending: Pending) -> None:
        self._database.waiting = [kept for kept in self._database.waiting if kept.id != pending.id]

    async def settled(self) -> list[Region]:
        waiting = {pending.event.key for pending in self._database.waiting}
        return [region for region in await self._database.all() if region.name not in waiting]


@dataclass
class FakeTopic:
    """What is on Kafka. `down` refuses everything; `open` set makes a publish wait for it before it lands."""

    landed: list[tuple[str, int]] = field(default_factory=list)
    down: bool = False
    gate: asyncio.Event | None = None
    asked: int = 0

    async def publish(self, event: Event) -> None:
        assert isinstance(event, RegionPolicyChanged)
        self.asked += 1
        if self.down:
            raise DependencyUnavailable("kafka")
        if self.gate is not None:
            await self.gate.wait()
        self.landed.append((event.region, event.version))

    def versions(self, region: str) -> list[int]:
        return [version for name, version in self.landed if name == region]
