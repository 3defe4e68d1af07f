"""The same database twice: by hand, and PostgreSQL with our migrations."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pytest
import sqlalchemy as sa

from services.rollout.__main__ import MIGRATIONS
from services.rollout.adapters.postgres_announcements import PostgresAnnouncements
from services.rollout.adapters.postgres_changes import PostgresChanges
from services.rollout.adapters.postgres_outbox import PostgresOutbox
from services.rollout.adapters.postgres_pauses import PostgresPauses
from services.rollout.adapters.postgres_regions import PostgresRegions
from services.rollout.adapters.tables import outbox
from services.rollout.domain.announcement import Announcement
from services.rollout.domain.change import Change, State
from services.rollout.domain.pause import Pause
from services.rollout.domain.region import Region
from services.rollout.use_cases.announce import Announcements as AddedAnnouncements
from services.rollout.use_cases.changes import Changes as WrittenChanges
from services.rollout.use_cases.changes import Regions, Written
from services.rollout.use_cases.outbox import RelaySession
from services.rollout.use_cases.pause_region import Pauses as WrittenPauses
from shared.postgres import migrate, postgres_engine, transaction
from tests.unit.rollout.fakes import FakeAnnouncements, FakeChanges, FakeDatabase, FakePauses
from tests.unit.rollout.samples import applied_change


class Store(Regions, Protocol):
    async def all(self) -> list[Region]: ...

    async def history(self, name: str) -> list[Region]: ...

    async def at_version(self, name: str, version: int) -> Region | None: ...


class Changes(WrittenChanges, Protocol):
    async def listed(
        self, *, region: str | None, states: Sequence[State], before: int | None, limit: int
    ) -> list[tuple[int, Change]]: ...

    async def due(self, now: datetime) -> list[Change]: ...


class Announcements(AddedAnnouncements, Protocol):
    async def of_region(self, region: str) -> list[Announcement] | None: ...


class Pauses(WrittenPauses, Protocol):
    async def paused(self) -> dict[str, Pause]: ...

    async def latest(self) -> dict[str, Pause]: ...


class Sessions(Protocol):
    def session(self, wake: Callable[[], None]) -> AbstractAsyncContextManager[RelaySession]: ...


@dataclass(frozen=True)
class Database:
    regions: Store
    changes: Changes
    outbox: Sessions
    announcements: Announcements
    pauses: Pauses

    async def make(self, version: Region) -> bool:
        """By a change; False: the region does not stand at the version before."""
        change, deed, applied = applied_change(version)
        return await self.changes.write(None, change, deed, applied) is Written.DONE


@pytest.fixture(scope="module")
async def migrated_url(postgres_url: str) -> str:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)  # Alembic starts a loop of its own
    return postgres_url


@pytest.fixture
async def postgres_database(migrated_url: str) -> AsyncIterator[Database]:
    engine, relays = postgres_engine(migrated_url), PostgresOutbox(migrated_url, sessions=2)
    async with transaction(engine) as connection:
        await connection.execute(sa.delete(outbox))
    yield Database(
        PostgresRegions(engine), PostgresChanges(engine), relays, PostgresAnnouncements(engine), PostgresPauses(engine)
    )
    await relays.close()
    await engine.dispose()


@pytest.fixture
def fake_database() -> Database:
    fake = FakeDatabase()
    return Database(fake, FakeChanges(fake), fake, FakeAnnouncements(fake), FakePauses(fake))


@pytest.fixture(params=["fake_database", "postgres_database"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found
