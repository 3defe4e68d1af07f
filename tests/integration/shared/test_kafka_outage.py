"""Kafka goes away and comes back: nothing hangs, nothing is lost, nobody has to restart anything (DESIGN §6).

Stopping and starting it takes seconds, so one outage is seen from all sides and each test looks at one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.local.apache_kafka import ApacheKafka
from deploy.local.ports import free_port
from shared.kafka import DRAIN_S, LEAVE_S, EventBus
from shared.lanes import COMMIT_DEADLINE_S
from shared.topics import retry_of
from shared.unavailable import DependencyUnavailable
from tests.integration.shared.kafka_kit import Cluster, Ping, Recorder, group_of
from tests.wait_until import wait_until

DEADLINE_S = 0.5
STOP_S = DRAIN_S + COMMIT_DEADLINE_S + LEAVE_S


@pytest.fixture(scope="module")
def kafka(kafka_kind: str, server_directory: Path) -> Iterator[ApacheKafka]:
    """Runs before each test of this module; what the last one did to it is undone."""
    if kafka_kind != "apache":
        pytest.skip("the embedded broker comes back empty and on another port")
    directory = server_directory / "kafka-outage"
    server = ApacheKafka(directory / "data", free_port(), directory / "logs", controller_port=free_port())
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def own(kafka: ApacheKafka) -> Cluster:
    return Cluster(kafka.bootstrap)


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as buses:
        yield buses


def new_bus(stack: AsyncExitStack, own: Cluster) -> EventBus:
    bus = EventBus("tests", own.settings(kafka_deadline_s=DEADLINE_S))
    stack.push_async_callback(bus.stop)
    return bus


async def refused(bus: EventBus, *events: Ping) -> float:
    """Publish all at once; each must be refused. Seconds that it took."""
    began = time.monotonic()
    answers = await asyncio.gather(*(bus.publisher.publish(event) for event in events), return_exceptions=True)
    assert {type(answer) for answer in answers} == {DependencyUnavailable}
    return time.monotonic() - began


@dataclass
class Outage:
    """What could be seen before, during and after it."""

    own: Cluster
    published: type[Ping]
    consumed: type[Ping]
    failing: type[Ping]
    table: type[Ping]
    numbers: Recorder = field(default_factory=Recorder)
    failed: Recorder = field(default_factory=Recorder)
    late: Recorder = field(default_factory=Recorder)
    rows: list[int] = field(default_factory=list)
    first_refusal_s: float = 0
    next_refusals_s: float = 0
    handled_during: list[int] = field(default_factory=list)
    healthy_during: list[bool] = field(default_factory=list)
    staleness: list[float | None] = field(default_factory=list)


@pytest.fixture(scope="module")
async def outage(kafka: ApacheKafka, own: Cluster, stack: AsyncExitStack) -> Outage:
    seen = Outage(
        own,
        published=await own.new_event(),
        consumed=await own.new_event(4),
        failing=await own.new_event(),
        table=await own.new_event(compacted=True),
    )
    gate = asyncio.Event()

    async def fail_once_the_outage_began(attempt: int) -> None:
        if attempt == 1:
            await gate.wait()
            raise ValueError

    seen.failed.script = lambda _, attempt: fail_once_the_outage_began(attempt)
    publishing, consuming, failing, following, late = (new_bus(stack, own) for _ in range(5))
    consuming.consume(seen.consumed, seen.numbers)
    failing.consume(seen.failing, seen.failed)
    late.consume(seen.published, seen.late)
    table = following.follow(seen.table, lambda row: seen.rows.append(row.number), lambda _: None)
    running = (publishing, consuming, failing, following)
    for bus in running:
        bus.start()
        await wait_until(bus.healthy, 20)
    await publishing.publisher.publish(seen.published(number=1))
    await own.spread(seen.consumed(number=number) for number in range(100))
    await own.write_events(*(seen.failing(number=number) for number in range(5)))
    await own.write_events(seen.table(number=1))
    await wait_until(lambda: len(seen.numbers.handled) == 100 and len(seen.failed.started) == 5 and seen.rows == [1])
    await wait_until(table.caught_up.is_set)

    await asyncio.to_thread(kafka.stop)
    seen.first_refusal_s = await refused(publishing, seen.published(number=2))
    seen.next_refusals_s = await refused(publishing, *(seen.published(number=number) for number in range(3, 103)))
    gate.set()
    late.start()
    await refused(late, seen.published(number=300))
    seen.healthy_during = [await bus.healthy() for bus in (*running, late)]
    await wait_until(lambda: (table.staleness_s() or 0) > 3)
    seen.handled_during = list(seen.failed.handled)
    seen.staleness = [table.staleness_s()]

    await asyncio.to_thread(kafka.start)
    for bus in (*running, late):
        await wait_until(bus.healthy, 30)
    await publishing.publisher.publish(seen.published(number=200))
    await own.spread(seen.consumed(number=number) for number in range(100, 200))
    await own.write_events(seen.table(number=2))
    await wait_until(lambda: seen.rows == [1, 2], 30)
    await wait_until(lambda: (table.staleness_s() or 9) < 2.5)
    return seen


async def test_publishing_fails_within_its_deadline(outage: Outage) -> None:
    assert outage.first_refusal_s < DEADLINE_S + 0.5


async def test_behind_an_overdue_message_nobody_waits(outage: Outage) -> None:
    assert outage.next_refusals_s < DEADLINE_S


async def test_a_service_is_not_healthy_meanwhile_whatever_it_does_with_kafka(outage: Outage) -> None:
    assert outage.healthy_during == [False] * 5


async def test_afterwards_publishing_works_and_the_overdue_message_has_come(outage: Outage) -> None:
    keys = [record.key for record in await outage.own.read(outage.published.topic)]

    assert keys == [b"key-1", b"key-2", b"key-200"]


async def test_consuming_goes_on_by_itself(outage: Outage) -> None:
    await wait_until(lambda: set(outage.numbers.handled) == set(range(200)), 30)
    await outage.own.await_no_lag(group_of("tests", outage.consumed), outage.consumed.topic, 20)


async def test_a_failed_message_waits_for_kafka_and_is_not_lost(outage: Outage) -> None:
    assert outage.handled_during == []
    await wait_until(lambda: set(outage.failed.handled) == set(range(5)), 30)
    retried = {record.key for record in await outage.own.read(retry_of(outage.failing.topic))}
    assert retried == {f"key-{number}".encode() for number in range(5)}
    await outage.own.await_no_lag(group_of("tests", outage.failing), outage.failing.topic, 20)


async def test_a_service_that_starts_before_kafka_waits_for_it(outage: Outage) -> None:
    await wait_until(lambda: sorted(outage.late.handled) == [1, 2, 200], 20)


async def test_a_table_goes_on_by_itself_and_knows_how_stale_it_was(outage: Outage) -> None:
    assert outage.rows == [1, 2]
    assert (outage.staleness[0] or 0) > 3


async def test_a_kafka_that_hangs_is_as_good_as_away(kafka: ApacheKafka, own: Cluster, stack: AsyncExitStack) -> None:
    event, recorder, bus = await own.new_event(), Recorder(), new_bus(stack, own)
    bus.consume(event, recorder)
    bus.start()
    await wait_until(bus.healthy, 20)
    await bus.publisher.publish(event(number=0))
    kafka.pause()
    took = await refused(bus, *(event(number=number) for number in range(1, 50)))
    healthy = await bus.healthy()
    kafka.resume()

    assert took < DEADLINE_S + 1
    assert not healthy
    await wait_until(bus.healthy, 30)
    await bus.publisher.publish(event(number=99))
    await wait_until(lambda: {0, 99} <= set(recorder.handled), 20)


async def test_a_service_can_stop_in_the_middle_of_connecting(own: Cluster) -> None:
    event = await own.new_event()
    for steps in (0, 1, 5, 20, 80):
        bus = EventBus("tests", own.settings())
        bus.consume(event, Recorder())
        bus.start()
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(STOP_S):
            await bus.stop()
        assert not await bus.healthy()


async def test_a_service_can_stop_while_kafka_is_away(kafka: ApacheKafka, own: Cluster) -> None:
    """Whatever it is in the middle of. The last test here: Kafka stays away."""
    gate = asyncio.Event()

    async def held(fails: bool) -> None:
        await gate.wait()
        if fails:
            raise ValueError

    scripts: dict[str, Any] = {
        "idle": None,
        "overdue": None,
        "uncommitted": lambda _, __: held(fails=False),
        "retrying": lambda _, __: held(fails=True),
    }
    buses = {}
    for state, script in scripts.items():
        event, recorder = await own.new_event(), Recorder(script)
        buses[state] = bus = EventBus("tests", own.settings(kafka_deadline_s=DEADLINE_S))
        bus.consume(event, recorder)
        bus.start()
        await wait_until(bus.healthy, 20)
        await own.write_events(event(number=1))
        await wait_until(lambda: recorder.started == [1])  # noqa: B023 - asked at once
    await asyncio.to_thread(kafka.stop)
    gate.set()
    await refused(buses["overdue"], event(number=2))
    buses["never connected"] = EventBus("tests", own.settings())
    buses["never connected"].start()

    async def stopped(bus: EventBus) -> float:
        began = time.monotonic()
        async with asyncio.timeout(2 * STOP_S):
            await bus.stop()
        return time.monotonic() - began

    took = dict(zip(buses, await asyncio.gather(*map(stopped, buses.values())), strict=True))
    assert {state: seconds for state, seconds in took.items() if seconds > STOP_S} == {}
    assert [await bus.healthy() for bus in buses.values()] == [False] * 5
