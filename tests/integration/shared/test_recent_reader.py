"""The last hours of a topic, in every instance: nothing left out, whatever the topic does meanwhile."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

from shared.kafka import EventBus
from shared.recent_reader import RecentReader
from tests.integration.shared.conftest import NewBus
from tests.integration.shared.kafka_kit import Cluster, Ping, raw_headers
from tests.wait_until import wait_until

HOUR = timedelta(hours=1)


@dataclass
class Heard:
    numbers: list[int] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)

    def __call__(self, event: Ping, told_at: datetime) -> None:
        self.numbers.append(event.number)
        self.times.append(told_at)

    def follow(self, bus: EventBus, event: type[Ping], back: timedelta = HOUR) -> RecentReader[Ping]:
        return bus.follow_recent(event, self, back)


async def read_since(reader: RecentReader[Ping], moment: datetime) -> None:
    def read() -> bool:
        until = reader.read_until()
        return until is not None and until >= moment

    await wait_until(read, 20)


async def test_it_has_read_to_the_end_only_with_all_partitions(cluster: Cluster, new_bus: NewBus) -> None:
    event, heard = await cluster.new_event(partitions=4), Heard()
    await cluster.spread(event(number=number) for number in range(3_000))
    began = datetime.now(UTC)
    bus = new_bus()
    reader = heard.follow(bus, event)
    assert reader.read_until() is None
    bus.start()
    await wait_until(lambda: reader.read_until() is not None)
    assert sorted(heard.numbers) == list(range(3_000))
    assert began - timedelta(minutes=1) < min(heard.times) <= max(heard.times) <= datetime.now(UTC)


async def test_what_is_older_is_not_read(cluster: Cluster, new_bus: NewBus, kafka_kind: str) -> None:
    if kafka_kind != "apache":
        pytest.skip("the embedded broker knows no times")
    event, heard = await cluster.new_event(partitions=4), Heard()
    await cluster.spread(event(number=number) for number in range(200))
    await asyncio.sleep(0.2)  # both are judged by the broker's clock, to the millisecond
    between = datetime.now(UTC)
    await cluster.spread(event(number=number) for number in range(200, 300))
    bus = new_bus()
    reader = heard.follow(bus, event, datetime.now(UTC) - between + timedelta(seconds=0.1))
    bus.start()
    await wait_until(lambda: reader.read_until() is not None)
    assert sorted(heard.numbers) == list(range(200, 300))


async def test_what_comes_later_is_heard_and_each_instance_hears_all(cluster: Cluster, new_bus: NewBus) -> None:
    event, all_heard = await cluster.new_event(partitions=4), [Heard(), Heard()]
    readers = []
    for heard in all_heard:
        bus = new_bus()
        readers.append(heard.follow(bus, event))
        bus.start()
    await wait_until(lambda: all(reader.read_until() is not None for reader in readers))
    await cluster.spread(event(number=number) for number in range(50))
    written = datetime.now(UTC)
    for reader in readers:
        await read_since(reader, written)
    assert [sorted(heard.numbers) for heard in all_heard] == [list(range(50))] * 2


async def test_a_topic_that_comes_late_and_grows_is_read_whole_and_once(
    cluster: Cluster, new_bus: NewBus, kafka_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kafka_kind != "apache":
        pytest.skip("topics of the embedded broker appear by themselves, and never grow")
    name = f"test.late-{id(cluster)}-{datetime.now(UTC).timestamp():.0f}"
    event = type("Ping", (Ping,), {"topic": name, "type": name, "__module__": __name__})
    monkeypatch.setattr("shared.kafka.METADATA_MAX_AGE_MS", 300)
    heard, bus = Heard(), new_bus()
    reader = heard.follow(bus, event)
    bus.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
        await cluster.write_events(*(event(number=number) for number in range(5)))
        await wait_until(lambda: sorted(heard.numbers) == list(range(5)), 40)
        await admin.create_partitions({name: NewPartitions(3)})
        await cluster.spread(event(number=number) for number in range(5, 100))
        await read_since(reader, datetime.now(UTC))
    finally:
        await admin.close()
    await wait_until(lambda: sorted(heard.numbers) == list(range(100)), 40)


@pytest.mark.parametrize("value", [None, b"", b"\x00\xff", b'{"number": "x"}'], ids=str)
async def test_an_event_that_cannot_be_read_spoils_no_other(
    cluster: Cluster, new_bus: NewBus, value: bytes | None
) -> None:
    event, heard = await cluster.new_event(), Heard()
    good, bad = event(number=1), event(number=2)
    await cluster.write(
        event.topic,
        (b"key-2", raw_headers(bad), value),
        (b"key-1", raw_headers(good), good.model_dump_json().encode()),
    )
    bus = new_bus()
    reader = heard.follow(bus, event)
    bus.start()
    await wait_until(lambda: reader.read_until() is not None)
    assert heard.numbers == [1]


async def test_a_record_that_cannot_be_unpacked_is_passed_over_without_a_dead_letter(
    cluster: Cluster, new_bus: NewBus
) -> None:
    event, heard = await cluster.new_event(compacted=True), Heard()  # without a topic for dead letters
    await cluster.write_unreadable(event.topic)
    await cluster.write_events(event(number=1))
    bus = new_bus()
    reader = heard.follow(bus, event)
    bus.start()
    await wait_until(lambda: reader.read_until() is not None)
    assert heard.numbers == [1]


async def test_work_on_the_same_topic_still_makes_a_dead_letter_of_it(cluster: Cluster, new_bus: NewBus) -> None:
    event, heard, worked = await cluster.new_event(), Heard(), []
    bus = new_bus()

    async def work(ping: Ping) -> None:
        worked.append(ping.number)

    heard.follow(bus, event)
    bus.consume(event, work)
    await cluster.write_unreadable(event.topic)
    await cluster.write_events(event(number=1))
    bus.start()
    await wait_until(lambda: (heard.numbers, worked) == ([1], [1]), 20)
    assert len(await cluster.read(f"{event.topic}.dlq.v1")) == 1
