"""What every store of regions does."""

import asyncio
from uuid import uuid4

import pytest

from services.rollout.domain.region import Policy
from services.rollout.use_cases.policy_event import policy_event
from shared.events import PolicyMode
from tests.contracts.rollout.conftest import Database
from tests.unit.rollout.samples import DAY, ENFORCED, NOON, RAMP, decision, region


@pytest.fixture
def name() -> str:
    return f"r{uuid4().hex[:12]}"


async def test_what_was_created_is_found_as_it_was(database: Database, name: str) -> None:
    created = region(name, Policy(PolicyMode.RAMP, 2_500, NOON, NOON + DAY))
    assert await database.make(created)
    assert await database.regions.find(name) == created


async def test_what_was_never_created_is_not_found(database: Database, name: str) -> None:
    assert await database.regions.find(name) is None
    assert await database.regions.history(name) == []


async def test_a_region_is_created_once(database: Database, name: str) -> None:
    outcomes = await asyncio.gather(*(database.make(region(name)) for _ in range(8)))
    assert outcomes.count(True) == 1


async def test_a_second_creation_changes_nothing(database: Database, name: str) -> None:
    await database.make(region(name))
    assert not await database.make(region(name, ENFORCED))
    assert await database.regions.history(name) == [region(name)]


async def test_a_change_replaces_what_stands_and_keeps_what_stood(database: Database, name: str) -> None:
    first = region(name)
    second = first.next(decision(RAMP, "ben", "first step"), NOON + DAY)
    await database.make(first)
    assert await database.make(second)
    assert await database.regions.find(name) == second
    assert await database.regions.history(name) == [first, second]


@pytest.mark.parametrize("version", [1, 3, 4])
async def test_a_change_of_another_version_than_the_standing_one_is_refused(
    database: Database, name: str, version: int
) -> None:
    await database.make(region(name))
    assert not await database.make(region(name, RAMP, version))
    assert await database.regions.history(name) == [region(name)]


async def test_a_region_that_does_not_exist_cannot_be_changed(database: Database, name: str) -> None:
    assert not await database.make(region(name, RAMP, 2))
    assert await database.regions.find(name) is None


async def test_of_many_changes_of_one_version_one_wins(database: Database, name: str) -> None:
    await database.make(region(name))
    rivals = [region(name).next(decision(author=f"rival-{n}"), NOON) for n in range(20)]
    outcomes = await asyncio.gather(*(database.make(rival) for rival in rivals))
    assert outcomes.count(True) == 1
    assert await database.regions.find(name) == rivals[outcomes.index(True)]


async def test_all_regions_come_by_name_at_the_version_that_stands(database: Database, name: str) -> None:
    for suffix in ("b", "a"):
        await database.make(region(name + suffix))
    await database.make(region(name + "b", RAMP, 2))
    mine = [found for found in await database.regions.all() if found.name.startswith(name)]
    assert mine == [region(name + "a"), region(name + "b", RAMP, 2)]


async def test_events_enter_the_outbox_with_what_they_tell_and_only_then(database: Database, name: str) -> None:
    await database.make(region(name))
    await database.make(region(name, ENFORCED))
    await database.make(region(name, RAMP, 2))
    await database.make(region(name, ENFORCED, 2))
    async with database.outbox.session(lambda: None) as session:
        told = []
        while pending := await session.next():
            told.append(pending.event)
            await session.published(pending)
    assert told == [policy_event(region(name)), policy_event(region(name, RAMP, 2))]
