"""The relay, on a database and a Kafka by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from services.rollout.use_cases.policy_event import policy_event
from services.rollout.use_cases.relay_policies import Pace, Publisher, RelayPolicies
from tests.unit.rollout.fakes import FakeDatabase, FakeTopic
from tests.unit.rollout.samples import region
from tests.wait_until import wait_until

# Only what wakes the relay may make a test pass: looks and terms are far away.
WOKEN_ONLY = Pace(retry_s=0.01, look_s=60, term_s=600)


@pytest.fixture
def database() -> FakeDatabase:
    return FakeDatabase()


@pytest.fixture
def topic() -> FakeTopic:
    return FakeTopic()


@asynccontextmanager
async def running(database: FakeDatabase, topic: Publisher, pace: Pace = WOKEN_ONLY) -> AsyncIterator[RelayPolicies]:
    relay = RelayPolicies(database, topic, pace)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def write(database: FakeDatabase, name: str, *versions: int) -> None:
    for version in versions:
        written = region(name, version=version)
        database.write_version(written, policy_event(written))


async def test_what_is_written_lands_in_order_and_leaves_the_outbox(database: FakeDatabase, topic: FakeTopic) -> None:
    async with running(database, topic):
        await write(database, "emea", 1, 2, 3)
        await write(database, "apac", 1, 2)
        await wait_until(lambda: not database.waiting)
    assert topic.versions("emea") == [1, 2, 3]
    assert topic.versions("apac") == [1, 2]


async def test_a_change_wakes_the_relay(database: FakeDatabase, topic: FakeTopic) -> None:
    async with running(database, topic):
        await wait_until(lambda: database.leader is not None)
        await write(database, "emea", 1)
        await wait_until(lambda: topic.versions("emea") == [1])


async def test_a_lost_notification_is_made_up_for_by_a_look(database: FakeDatabase, topic: FakeTopic) -> None:
    async with running(database, topic, Pace(retry_s=0.01, look_s=0.05, term_s=600)):
        await wait_until(lambda: database.leader is not None)
        database.notifies = False
        await write(database, "emea", 1)
        await wait_until(lambda: topic.versions("emea") == [1])


async def test_while_kafka_is_down_changes_wait_and_then_land_in_order(
    database: FakeDatabase, topic: FakeTopic
) -> None:
    topic.down = True
    async with running(database, topic):
        await write(database, "emea", 1, 2)
        await wait_until(lambda: topic.asked >= 3)
        assert (topic.landed, len(database.waiting)) == ([], 2)
        topic.down = False
        await wait_until(lambda: not database.waiting)
    assert topic.versions("emea") == [1, 2]


async def test_an_event_whose_publish_was_cut_off_is_published_again(database: FakeDatabase, topic: FakeTopic) -> None:
    await write(database, "emea", 1)
    topic.gate = asyncio.Event()
    async with running(database, topic):
        await wait_until(lambda: topic.asked == 1)
    topic.gate.set()
    assert len(database.waiting) == 1
    async with running(database, topic):
        await wait_until(lambda: topic.versions("emea") == [1])


async def test_only_one_of_two_instances_publishes_until_it_is_gone(database: FakeDatabase) -> None:
    first, second = FakeTopic(), FakeTopic()
    async with running(database, second):
        await wait_until(lambda: database.leader is not None)
        async with running(database, first):
            await write(database, "emea", 1)
            await wait_until(lambda: second.versions("emea") == [1])
            assert first.landed == []


async def test_an_instance_that_cannot_publish_leaves_the_lead_to_one_that_can(database: FakeDatabase) -> None:
    cut_off, fine = FakeTopic(down=True), FakeTopic()
    await write(database, "emea", 1)
    async with running(database, cut_off):
        await wait_until(lambda: cut_off.asked > 0)
        async with running(database, fine):
            await wait_until(lambda: fine.versions("emea") == [1])


async def test_a_new_leader_tells_every_region_anew_and_old_versions_never(
    database: FakeDatabase, topic: FakeTopic
) -> None:
    async with running(database, topic):
        await write(database, "emea", 1, 2)
        await write(database, "apac", 1)
        await wait_until(lambda: not database.waiting)
    topic.landed.clear()  # a wiped topic
    async with running(database, topic):
        await wait_until(lambda: len(topic.landed) == 2)
    assert sorted(topic.landed) == [("apac", 1), ("emea", 2)]


async def test_a_region_with_waiting_changes_is_not_told_before_them(database: FakeDatabase, topic: FakeTopic) -> None:
    await write(database, "emea", 1, 2, 3)
    async with running(database, topic):
        await wait_until(lambda: not database.waiting)
        await write(database, "emea", 4)
        await wait_until(lambda: topic.versions("emea")[-1] == 4)
    assert topic.versions("emea") == sorted(topic.versions("emea"))


async def test_a_late_write_of_a_former_leader_is_put_right(database: FakeDatabase, topic: FakeTopic) -> None:
    async with running(database, topic) as relay:
        await write(database, "emea", 1, 2)
        await wait_until(lambda: not database.waiting)
        for version in (1, 2, 2):
            relay.saw(policy_event(region(version=version)))
        told = len(topic.landed)
        relay.saw(policy_event(region(version=1)))
        await wait_until(lambda: len(topic.landed) > told)
    assert topic.landed[-1] == ("emea", 2)


async def test_something_unreadable_on_the_topic_is_written_over(database: FakeDatabase, topic: FakeTopic) -> None:
    async with running(database, topic) as relay:
        await write(database, "emea", 1)
        await wait_until(lambda: topic.landed != [])
        told = len(topic.landed)
        relay.saw_unreadable("emea")
        await wait_until(lambda: len(topic.landed) > told)
    assert topic.landed[-1] == ("emea", 1)


async def test_a_term_ends_by_itself_so_that_a_wiped_topic_is_filled_again(
    database: FakeDatabase, topic: FakeTopic
) -> None:
    async with running(database, topic, Pace(retry_s=0.01, look_s=0.02, term_s=0.05)):
        await write(database, "emea", 1)
        await wait_until(lambda: topic.landed != [])
        topic.landed.clear()
        await wait_until(lambda: topic.landed == [("emea", 1)])
