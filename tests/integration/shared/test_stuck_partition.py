"""One of two brokers hangs, dies and comes back: what the other one leads goes on meanwhile, and then everything does.

Starting brokers takes seconds, so one outage is seen from all sides and each test looks at one.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.apache_kafka import ApacheKafka
from deploy.local.ports import free_port
from shared.kafka import EventBus
from shared.kafka_producer import METADATA_PAUSE_S, producer_of
from shared.unavailable import DependencyUnavailable
from tests.integration.shared.kafka_kit import Cluster, Ping
from tests.second_kafka import SecondKafka
from tests.wait_until import wait_until

DEADLINE_S = 1.0
CLIENT_GIVES_UP_MS = 1500  # 40 s unless told. Less than it takes the controller to miss a broker (3 s)
LED_BY = {0: [1], 1: [1], 2: [2], 3: [1]}
STUCK = 2
NUMBERS = range(40)


@pytest.fixture(scope="module")
async def brokers(kafka_kind: str, server_directory: Path) -> AsyncIterator[tuple[ApacheKafka, SecondKafka]]:
    if kafka_kind != "apache":
        pytest.skip("the embedded broker is alone")
    directory = server_directory / "stuck-partition"
    first = ApacheKafka(directory / "1" / "data", free_port(), directory / "1" / "logs", controller_port=free_port())
    second = SecondKafka(first, directory / "2")
    try:
        await asyncio.gather(*(asyncio.to_thread(each.start) for each in (first, second)))
        yield first, second
    finally:
        second.kill()
        first.kill()


@pytest.fixture(scope="module")
async def own(brokers: tuple[ApacheKafka, SecondKafka]) -> Cluster:
    return Cluster(brokers[0].bootstrap)


@pytest.fixture(scope="module")
async def bus(own: Cluster) -> AsyncIterator[EventBus]:
    made = EventBus("tests", own.settings(kafka_deadline_s=DEADLINE_S))
    made.broker._connection_kwargs["request_timeout_ms"] = CLIENT_GIVES_UP_MS
    yield made
    await made.stop()


@dataclass
class Outage:
    """What could be seen before, while the second broker hung, while it was dead, and after. Judged below."""

    event: type[Ping]
    others_put: dict[int, set[int]] = field(default_factory=dict)
    accepted: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    refusals_s: float = 0
    of_a_batch: list[bool] = field(default_factory=list)
    healthy: list[bool] = field(default_factory=list)
    metadata_updates: int = 0
    counted_s: float = 0
    written: list[tuple[int, int]] = field(default_factory=list)

    def fine(self) -> list[int]:
        return [number for number in NUMBERS if self.others_put[number] != {STUCK}]

    def stuck(self) -> list[int]:
        return [number for number in NUMBERS if self.others_put[number] == {STUCK}]

    async def publish(self, bus: EventBus, *numbers: int) -> None:
        for number in numbers:
            try:
                await bus.publisher.publish(self.event(number=number))
                self.accepted[number] += 1
            except DependencyUnavailable:
                self.refused[number] += 1

    async def takes(self, bus: EventBus, number: int) -> bool:
        before = self.accepted[number]
        await self.publish(bus, number)
        return self.accepted[number] > before


@pytest.fixture(scope="module")
async def outage(brokers: tuple[ApacheKafka, SecondKafka], own: Cluster, bus: EventBus) -> Outage:
    _, second = brokers
    seen = Outage(await new_event(own))
    others = await new_event(own)
    await own.spread(others(number=number) for number in NUMBERS)
    seen.others_put = partitions(await written(own, others))
    bus.start()
    await wait_until(bus.healthy, 20)
    await seen.publish(bus, *NUMBERS)
    assert not seen.refused

    second.pause()
    overdue, *next_ones = seen.stuck()
    await seen.publish(bus, overdue)
    began = time.monotonic()
    await seen.publish(bus, *next_ones)
    seen.refusals_s = time.monotonic() - began
    cluster = producer_of(bus.broker).client.cluster
    updates: list[object] = []
    cluster.add_listener(lambda metadata: updates.append(metadata))
    with pytest.raises(DependencyUnavailable):  # what its client knows of others must not suffer from it
        await bus.publisher.send("test.missing", b"1", b"", {})
    await wait_until(lambda: updates != [])
    await seen.publish(bus, *seen.fine())
    batch = [seen.fine()[0], seen.stuck()[1], seen.fine()[1]]
    seen.of_a_batch = await bus.publisher.publish_all([(seen.event(number=number), {}) for number in batch])
    seen.accepted.update([batch[0], batch[2]])
    seen.healthy = [await bus.healthy() for _ in range(8)]

    second.kill()
    await wait_until(lambda: cluster.leader_for_partition(TopicPartition(seen.event.topic, STUCK)) == -1, 20)
    updates.clear()
    began = time.monotonic()
    await seen.publish(bus, *seen.stuck(), *seen.fine())
    with suppress(AssertionError):
        await wait_until(lambda: len(updates) > 20)
    seen.metadata_updates, seen.counted_s = len(updates), time.monotonic() - began
    seen.healthy.append(await bus.healthy())

    await asyncio.to_thread(second.start)
    with suppress(AssertionError):
        await wait_until(lambda: seen.takes(bus, overdue), 20)
    await seen.publish(bus, *NUMBERS)
    seen.written = await written(own, seen.event)
    return seen


async def new_event(own: Cluster) -> type[Ping]:
    name = f"test.{uuid4().hex[:12]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=own.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, -1, -1, replica_assignments=LED_BY)])
    await admin.close()
    return type("Ping", (Ping,), {"topic": name, "type": name, "__module__": __name__})


async def written(own: Cluster, event: type[Ping]) -> list[tuple[int, int]]:
    """Number and partition of all records."""
    return [(int(record.key.removeprefix(b"key-")), record.partition) for record in await own.read(event.topic)]


def partitions(records: list[tuple[int, int]]) -> dict[int, set[int]]:
    """Of each number."""
    found: dict[int, set[int]] = {}
    for number, partition in records:
        found.setdefault(number, set()).add(partition)
    return found


async def test_keys_of_other_partitions_go_on_and_those_of_the_stuck_one_are_refused(outage: Outage) -> None:
    assert set(outage.stuck()) == set(outage.refused)
    assert {outage.accepted[number] for number in outage.fine()[2:]} == {4}


async def test_behind_an_overdue_message_nobody_waits(outage: Outage) -> None:
    assert outage.refusals_s < DEADLINE_S


async def test_a_batch_goes_on_too(outage: Outage) -> None:
    assert outage.of_a_batch == [True, False, True]


async def test_the_service_stays_ready(outage: Outage) -> None:
    assert outage.healthy == [True] * 9


async def test_a_missing_leader_is_not_asked_for_without_a_pause(outage: Outage) -> None:
    assert 0 < outage.metadata_updates <= outage.counted_s / METADATA_PAUSE_S + 1


async def test_afterwards_all_flows_and_the_overdue_message_has_come(outage: Outage) -> None:
    """Once: what was refused at once never comes."""
    overdue = outage.stuck()[0]
    assert min(outage.accepted[number] for number in outage.stuck()) == 2
    assert Counter(number for number, _ in outage.written) == outage.accepted + Counter([overdue])


async def test_a_key_has_the_partition_that_every_producer_gives_it(outage: Outage) -> None:
    assert partitions(outage.written) == outage.others_put
