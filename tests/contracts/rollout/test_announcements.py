"""What every store of announcements does."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.rollout.domain.announcement import Announcement
from services.rollout.use_cases.announce import Entered, announcement_deed, announcement_event
from services.rollout.use_cases.policy_event import policy_event
from shared.events import Event, NoticeKind
from shared.postgres import postgres_engine, transaction
from tests.contracts.rollout.conftest import Announcements, Database
from tests.unit.rollout.samples import NOON, announcement, region


@pytest.fixture
async def name(database: Database) -> str:
    """Of a region that exists."""
    created = region(f"r{uuid4().hex[:12]}")
    assert await database.make(created)
    await waiting(database)
    return created.name


async def waiting(database: Database) -> list[Event]:
    """What the outbox held; it is empty afterwards."""
    found = []
    async with database.outbox.session(lambda: None) as session:
        while pending := await session.next():
            found.append(pending.event)
            await session.published(pending)
    return found


async def add(store: Announcements, added: Announcement) -> Entered:
    event = announcement_event(added)
    return await store.add(added, event, announcement_deed(event, added.author))


async def test_what_was_announced_is_found_as_it_was_and_waits_for_kafka(database: Database, name: str) -> None:
    notice = announcement(uuid4(), region=name)
    until = NOON + timedelta(hours=1)
    bypass = announcement(uuid4(), region=name, kind=NoticeKind.BYPASS_ACTIVE, at=NOON, until=until)
    for each in (notice, bypass):
        assert await add(database.announcements, each) is Entered.ADDED
        assert await database.announcements.find(each.id) == each
    assert await waiting(database) == [announcement_event(notice), announcement_event(bypass)]


async def test_an_id_is_taken_once(database: Database, name: str) -> None:
    made = announcement(uuid4(), region=name)
    outcomes = await asyncio.gather(*(add(database.announcements, made) for _ in range(8)))

    assert sorted(outcome.name for outcome in outcomes) == ["ADDED"] + 7 * ["ID_TAKEN"]
    assert await waiting(database) == [announcement_event(made)]


async def test_a_region_that_does_not_exist_is_told_nothing(database: Database) -> None:
    made = announcement(uuid4(), region="nowhere")

    assert await add(database.announcements, made) is Entered.UNKNOWN_REGION
    assert await database.announcements.find(made.id) is None
    assert await database.announcements.of_region("nowhere") is None
    assert await waiting(database) == []


async def test_a_regions_announcements_come_newest_first(database: Database, name: str) -> None:
    made = [announcement(uuid4(), NOON + timedelta(hours=hour), region=name) for hour in (1, 3, 2)]
    assert await database.announcements.of_region(name) == []
    for each in made:
        await add(database.announcements, each)

    assert await database.announcements.of_region(name) == [made[1], made[2], made[0]]


async def test_a_policy_does_not_wait_behind_an_announcement(database: Database, name: str) -> None:
    made = announcement(uuid4(), region=name)
    await add(database.announcements, made)
    stopped = region(name, version=2)
    await database.make(stopped)

    assert await waiting(database) == [policy_event(stopped), announcement_event(made)]


@pytest.mark.parametrize("rewriting", ["UPDATE announcements SET author = ''", "DELETE FROM announcements"])
async def test_what_was_announced_is_not_rewritten(migrated_url: str, rewriting: str) -> None:
    engine = postgres_engine(migrated_url)
    with pytest.raises(DBAPIError, match="append-only"):
        async with transaction(engine) as connection:
            await connection.execute(sa.text(rewriting))
    await engine.dispose()
