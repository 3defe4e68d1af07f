"""Kafka goes away and comes back: nothing hangs, nothing is lost, nobody has to restart anything (DESIGN §6)."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.apache_kafka import ApacheKafka
from deploy.local.ports import free_port
from shared.events import RegionPolicyChanged
from shared.kafka import DRAIN_S, LEAVE_S
from shared.lanes import COMMIT_DEADLINE_S
from shared.topics import retry_of
from shared.unavailable import DependencyUnavailable
from tests.integration.shared.conftest import NewBus
from tests.integration.shared.kafka_kit import Cluster, Recorder, group_of
from tests.wait_until import wait_until

DEADLINE_S = 0.5
STOP_S = DRAIN_S + COMMIT_DEADLINE_S + LEAVE_S


@pytest.fixture(scope="module")
def _own_kafka(kafka_kind: str, server_directory: Path) -> Iterator[ApacheKafka]:
    if kafka_kind != "apache":
        pytest.skip("the embedded broker comes back empty and on another port")
    directory = server_directory / "kafka-outage"
    kafka = ApacheKafka(directory / "data", free_port(), directory / "logs", controller_port=free_port())
    yield kafka
    kafka.close()


@pytest.fixture
def kafka(_own_kafka: ApacheKafka) -> ApacheKafka:
    """Runs; the test may do to it what it likes."""
    _own_kafka.start()
    return _own_kafka


@pytest.fixture
def own(kafka: ApacheKafka) -> Cluster:
    return Cluster(kafka.bootstrap)


async def stop(kafka: ApacheKafka) -> None:
    await asyncio.to_thread(kafka.stop)


async def start(kafka: ApacheKafka) -> None:
    await asyncio.to_thread(kafka.start)


async def test_publishing_fails_within_its_deadline_and_works_again_by_itself(
    kafka: ApacheKafka, own: Cluster, new_bus: NewBus
) -> None:
    event, bus = await own.new_event(), new_bus(on=own, kafka_deadline_s=DEADLINE_S)
    bus.start()
    await wait_until(bus.healthy)
    await bus.publisher.publish(event(number=1))
    await stop(kafka)

    began = time.monotonic()
    with pytest.raises(DependencyUnavailable) as caught:
        await bus.publisher.publish(event(number=2))
    assert caught.value.dependency == "kafka"
    assert time.monotonic() - began < DEADLINE_S + 0.5
    assert not await bus.healthy()

    began = time.monotonic()
    for number in range(3, 103):  # behind an overdue one nobody waits
        with pytest.raises(DependencyUnavailable):
            await bus.publisher.publish(event(number=number))
    assert time.monotonic() - began < 0.5

    await start(kafka)
    await wait_until(bus.healthy)
    await bus.publisher.publish(event(number=200))
    keys = [record.key for record in await own.read(event.topic)]
    assert keys == [b"key-1", b"key-2", b"key-200"]  # the overdue one was "unknown", and it came


async def test_many_publishers_at_once_are_all_told_in_time(kafka: ApacheKafka, own: Cluster, new_bus: NewBus) -> None:
    event, bus = await own.new_event(4), new_bus(on=own, kafka_deadline_s=DEADLINE_S)
    bus.start()
    await wait_until(bus.healthy)
    await bus.publisher.publish(event(number=0))
    await stop(kafka)
    began = time.monotonic()
    answers = await asyncio.gather(
        *(bus.publisher.publish(event(number=number)) for number in range(200)), return_exceptions=True
    )

    assert all(isinstance(answer, DependencyUnavailable) for answer in answers)
    assert time.monotonic() - began < DEADLINE_S + 1
    await start(kafka)
    await wait_until(bus.healthy)


async def test_a_kafka_that_hangs_is_as_good_as_away(kafka: ApacheKafka, own: Cluster, new_bus: NewBus) -> None:
    event, recorder, bus = await own.new_event(), Recorder(), new_bus(on=own, kafka_deadline_s=DEADLINE_S)
    bus.consume(event, recorder)
    bus.start()
    await wait_until(bus.healthy)
    await bus.publisher.publish(event(number=0))
    kafka.pause()
    began = time.monotonic()
    with pytest.raises(DependencyUnavailable):
        await bus.publisher.publish(event(number=1))
    assert not await bus.healthy()
    assert time.monotonic() - began < DEADLINE_S + 2
    kafka.resume()

    await wait_until(bus.healthy, 20)
    await bus.publisher.publish(event(number=2))
    await wait_until(lambda: set(recorder.handled) == {0, 1, 2}, 20)


async def test_health_turns_false_even_if_nobody_publishes(kafka: ApacheKafka, own: Cluster, new_bus: NewBus) -> None:
    event, bus = await own.new_event(), new_bus(on=own)
    bus.consume(event, Recorder())
    bus.start()
    await wait_until(bus.healthy)
    await stop(kafka)

    assert not await bus.healthy()
    await start(kafka)
    await wait_until(bus.healthy, 20)


async def test_consuming_goes_on_by_itself(kafka: ApacheKafka, own: Cluster, new_bus: NewBus) -> None:
    event, recorder, bus = await own.new_event(4), Recorder(), new_bus(on=own)
    bus.consume(event, recorder)
    bus.start()
    await own.spread(event(number=number) for number in range(100))
    await wait_until(lambda: len(recorder.handled) == 100)
    await stop(kafka)
    await start(kafka)
    await own.spread(event(number=number) for number in range(100, 200))

    await wait_until(lambda: set(recorder.handled) == set(range(200)), 30)
    await own.await_no_lag(group_of("tests", event), event.topic, 20)


async def test_a_failed_message_waits_for_kafka_and_is_not_lost(
    kafka: ApacheKafka, own: Cluster, new_bus: NewBus
) -> None:
    gate = asyncio.Event()

    async def fail_after_the_outage_began(attempt: int) -> None:
        if attempt == 1:
            await gate.wait()
            raise ValueError

    event, bus = await own.new_event(), new_bus(on=own, kafka_deadline_s=DEADLINE_S)
    recorder = Recorder(lambda _, attempt: fail_after_the_outage_began(attempt))
    bus.consume(event, recorder)
    bus.start()
    await own.write_events(*(event(number=number) for number in range(5)))
    await wait_until(lambda: len(recorder.started) == 5)
    await stop(kafka)
    gate.set()
    await wait_until(lambda: recorder.running == 0)
    with pytest.raises(AssertionError):
        await wait_until(lambda: len(recorder.handled) > 0, 1.5)
    await start(kafka)

    await wait_until(lambda: set(recorder.handled) == set(range(5)), 30)
    assert {record.key for record in await own.read(retry_of(event.topic))} == {f"key-{n}".encode() for n in range(5)}
    await own.await_no_lag(group_of("tests", event), event.topic, 20)


async def test_a_service_that_starts_before_kafka_waits_for_it(
    kafka: ApacheKafka, own: Cluster, new_bus: NewBus
) -> None:
    event = await own.new_event()
    await stop(kafka)
    recorder, bus = Recorder(), new_bus(on=own, kafka_deadline_s=DEADLINE_S)
    bus.consume(event, recorder)
    bus.start()
    assert not await bus.healthy()
    with pytest.raises(DependencyUnavailable):
        await bus.publisher.publish(event(number=0))
    await start(kafka)

    await wait_until(bus.healthy, 20)
    await bus.publisher.publish(event(number=1))
    await wait_until(lambda: recorder.handled == [1])


@pytest.mark.parametrize("state", ["idle", "uncommitted", "overdue", "retrying", "never connected"])
async def test_a_service_can_stop_while_kafka_is_away(
    kafka: ApacheKafka, own: Cluster, new_bus: NewBus, state: str
) -> None:
    gate = asyncio.Event()

    async def act() -> None:
        await gate.wait()
        if state == "retrying":
            raise ValueError

    event, bus = await own.new_event(), new_bus(on=own, kafka_deadline_s=DEADLINE_S)
    recorder = Recorder(lambda _, __: act() if state in ("uncommitted", "retrying") else None)
    bus.consume(event, recorder)
    if state == "never connected":
        await stop(kafka)
    bus.start()
    if state != "never connected":
        await own.write_events(event(number=1))
        await wait_until(lambda: recorder.started == [1])
        await stop(kafka)
    gate.set()
    if state == "overdue":
        with pytest.raises(DependencyUnavailable):
            await bus.publisher.publish(event(number=2))

    began = time.monotonic()
    async with asyncio.timeout(STOP_S + 5):
        await bus.stop()
    assert time.monotonic() - began < STOP_S
    assert not await bus.healthy()


async def test_a_service_can_stop_in_the_middle_of_connecting(
    kafka: ApacheKafka, own: Cluster, new_bus: NewBus
) -> None:
    event = await own.new_event()
    for steps in (0, 1, 5, 20, 80):
        bus = new_bus(on=own)
        bus.consume(event, Recorder())
        bus.start()
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(STOP_S):
            await bus.stop()
        assert not await bus.healthy()


async def test_a_table_goes_on_by_itself_and_knows_how_stale_it_is(
    kafka: ApacheKafka, own: Cluster, new_bus: NewBus
) -> None:
    event = await own.new_event(compacted=True)
    rows: list[int] = []
    bus = new_bus(on=own)
    table = bus.follow(event, lambda row: rows.append(row.number), lambda _: None)  # type: ignore[attr-defined]
    bus.start()
    await own.write_events(event(number=1))
    await wait_until(lambda: rows == [1])
    await wait_until(table.caught_up.is_set)
    await stop(kafka)
    await wait_until(lambda: (table.staleness_s() or 0) > 3, 10)
    await start(kafka)
    await own.write_events(event(number=2))

    await wait_until(lambda: rows == [1, 2], 30)
    await wait_until(lambda: (table.staleness_s() or 9) < 2.5, 10)


def test_the_table_of_policies_is_one_partition_so_that_versions_stay_in_order() -> None:
    from shared.topics import topics

    assert [topic.partitions for topic in topics() if topic.name == RegionPolicyChanged.topic] == [1]
