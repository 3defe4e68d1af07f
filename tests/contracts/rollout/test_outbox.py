"""What every outbox does for its relay."""

import asyncio
from uuid import uuid4

import pytest

from services.rollout.domain.region import Region
from services.rollout.use_cases.policy_event import policy_event
from tests.contracts.rollout.conftest import Database
from tests.unit.rollout.samples import RAMP, region
from tests.wait_until import wait_until


@pytest.fixture
def name() -> str:
    return f"r{uuid4().hex[:12]}"


def deaf() -> None:
    """For a session that nobody wants to be woken by."""


async def create(database: Database, created: Region) -> None:
    assert await database.make(created)


async def test_an_empty_outbox_has_nothing_next(database: Database) -> None:
    async with database.outbox.session(deaf) as session:
        assert await session.next() is None


async def test_the_next_event_stays_until_it_was_published(database: Database, name: str) -> None:
    await create(database, region(name))
    async with database.outbox.session(deaf) as session:
        pending = await session.next()
        assert pending is not None
        assert (await session.next()) is not None
        assert pending.event == policy_event(region(name))
        assert pending.age_s >= 0
        await session.published(pending)
        assert await session.next() is None


async def test_a_session_is_woken_by_what_enters_the_outbox(database: Database, name: str) -> None:
    woken = asyncio.Event()
    async with database.outbox.session(woken.set):
        assert not woken.is_set()
        await create(database, region(name))
        await wait_until(woken.is_set)


async def test_one_session_leads_until_it_ends(database: Database) -> None:
    async with database.outbox.session(deaf) as candidate:
        async with database.outbox.session(deaf) as leader:
            assert await leader.lead()
            assert not await candidate.lead()
        await wait_until(candidate.lead)


async def test_a_session_that_ends_badly_leads_no_more(database: Database) -> None:
    async def lead_and_fall_over() -> None:
        async with database.outbox.session(deaf) as leader:
            assert await leader.lead()
            raise RuntimeError("the relay fell over")

    with pytest.raises(RuntimeError):
        await lead_and_fall_over()
    async with database.outbox.session(deaf) as next_leader:
        await wait_until(next_leader.lead)


async def test_a_region_is_settled_once_nothing_of_it_waits(database: Database, name: str) -> None:
    async def mine() -> list[Region]:
        return [settled for settled in await session.settled() if settled.name == name]

    await create(database, region(name))
    changed = region(name, RAMP, 2)
    assert await database.make(changed)
    async with database.outbox.session(deaf) as session:
        for _ in range(2):
            assert await mine() == []
            pending = await session.next()
            assert pending is not None
            await session.published(pending)
        assert await mine() == [changed]
