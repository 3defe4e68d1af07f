"""A compacted topic as a table: all of it before it counts as known, and one bad row spoils no other."""

import asyncio
from dataclasses import dataclass, field

import pytest

from services.auth.domain.region_policy import RegionPolicies
from shared.kafka import EventBus
from shared.table_reader import TableReader
from tests.integration.shared.conftest import NewBus
from tests.integration.shared.kafka_kit import Cluster, Ping, raw_headers
from tests.unit.auth.samples import policy
from tests.wait_until import wait_until


@dataclass
class Table:
    """The newest number of each key; `bad` are the keys of rows that could not be read."""

    rows: dict[str, int] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    applied: int = 0

    def apply(self, row: Ping) -> None:
        self.rows[row.key] = row.number
        self.applied += 1

    def follow(self, bus: EventBus, event: type[Ping]) -> TableReader[Ping]:
        return bus.follow(event, self.apply, self.bad.append)


async def test_it_is_caught_up_only_with_the_whole_topic(cluster: Cluster, new_bus: NewBus) -> None:
    event, table = await cluster.new_event(compacted=True), Table()
    await cluster.write_events(*(event(number=number) for number in range(2000)))
    bus = new_bus()
    reader = table.follow(bus, event)
    seen_when_caught_up: list[int] = []

    async def look() -> None:
        await reader.caught_up.wait()
        seen_when_caught_up.append(table.applied)

    looking = asyncio.create_task(look())
    assert reader.staleness_s() is None
    bus.start()
    await looking

    assert seen_when_caught_up == [2000]
    await wait_until(lambda: reader.staleness_s() is not None)


async def test_an_empty_topic_is_known_at_once(cluster: Cluster, new_bus: NewBus) -> None:
    event, table = await cluster.new_event(compacted=True), Table()
    bus = new_bus()
    reader = table.follow(bus, event)
    bus.start()

    await wait_until(reader.caught_up.is_set)
    assert table.rows == {}


async def test_what_comes_later_is_applied_as_it_comes(cluster: Cluster, new_bus: NewBus) -> None:
    event, table = await cluster.new_event(compacted=True), Table()
    bus = new_bus()
    reader = table.follow(bus, event)
    bus.start()
    await wait_until(reader.caught_up.is_set)
    await cluster.write_events(event(number=1))

    await wait_until(lambda: table.rows == {"key-1": 1}, 2)


async def test_every_instance_reads_all_of_it(cluster: Cluster, new_bus: NewBus) -> None:
    event, tables = await cluster.new_event(compacted=True), [Table(), Table(), Table()]
    await cluster.write_events(*(event(number=number) for number in range(5)))
    for table in tables:
        bus = new_bus()
        table.follow(bus, event)
        bus.start()

    await wait_until(lambda: all(len(table.rows) == 5 for table in tables))


@pytest.mark.parametrize("value", [None, b"", b"\x00\xff", b'{"number": "x"}'], ids=str)
async def test_a_row_that_cannot_be_read_is_named_and_spoils_no_other(
    cluster: Cluster, new_bus: NewBus, value: bytes | None
) -> None:
    event, table = await cluster.new_event(compacted=True), Table()
    good, bad = event(number=1), event(number=2)
    await cluster.write(
        event.topic,
        (b"key-2", raw_headers(bad), value),
        (b"key-1", raw_headers(good), good.model_dump_json().encode()),
    )
    bus = new_bus()
    reader = table.follow(bus, event)
    bus.start()

    await wait_until(reader.caught_up.is_set)
    assert (table.rows, table.bad) == ({"key-1": 1}, ["key-2"])


async def test_a_key_that_is_no_text_is_named_as_well_as_it_can_be(cluster: Cluster, new_bus: NewBus) -> None:
    event, table = await cluster.new_event(compacted=True), Table()
    await cluster.write(event.topic, (b"\xff", [("ce_type", b"\xff")], b"x"))
    bus = new_bus()
    reader = table.follow(bus, event)
    bus.start()

    await wait_until(reader.caught_up.is_set)
    assert table.bad == ["\ufffd"]


async def test_policies_that_arrive_twice_or_late_leave_the_highest_version(cluster: Cluster, new_bus: NewBus) -> None:
    """On the real topic of policies, with a region of this test's own."""
    policies, bus = RegionPolicies(), new_bus()
    event = type(policy())
    reader = bus.follow(event, policies.apply, policies.forget)  # type: ignore[arg-type]
    bus.start()
    await wait_until(bus.healthy)
    for version in (3, 5, 4, 5, 1):
        await bus.publisher.publish(policy(region="late", version=version))

    await wait_until(lambda: policies.of("late") is not None)
    await wait_until(reader.caught_up.is_set)
    end = policy(region="end", version=1)
    await bus.publisher.publish(end)
    await wait_until(lambda: policies.of("end") == end)
    assert policies.of("late") == policy(region="late", version=5)
