"""The consumer policy on a real Kafka: at least once, nothing blocks, nothing is lost (DESIGN §3)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.cloudevents import body_of
from shared.intake import Limits
from shared.redelivery import ATTEMPT, ERROR_CLASS, NOT_BEFORE, OVERSIZED, SOURCE, TIERS, TryLater, Unhandleable
from shared.topics import dead_letters_of, retry_of
from tests.integration.shared.conftest import NewBus
from tests.integration.shared.kafka_kit import Cluster, Recorder, group_of, raw_headers
from tests.wait_until import wait_until


def headers_of_record(record: Any) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}


async def test_every_message_is_handled_and_committed(cluster: Cluster, new_bus: NewBus) -> None:
    event, recorder, bus = await cluster.new_event(4), Recorder(), new_bus()
    bus.consume(event, recorder)
    bus.start()
    await cluster.spread(event(number=number) for number in range(500))

    await wait_until(lambda: len(recorder.handled) == 500)
    assert sorted(recorder.handled) == list(range(500))
    await cluster.await_no_lag(group_of("tests", event), event.topic)


async def test_what_we_publish_arrives_as_it_was(cluster: Cluster, new_bus: NewBus) -> None:
    event, bus = await cluster.new_event(), new_bus()
    bus.start()
    await wait_until(bus.healthy)
    await bus.publisher.publish(event(number=1))
    (record,) = await cluster.read(event.topic)

    assert (record.key, record.value) == (b"key-1", body_of(event(number=1)))
    headers = headers_of_record(record)
    assert (headers["ce_id"], headers["ce_type"], headers["ce_specversion"]) == ("ping:1", event.type, "1.0")
    assert headers["content-type"] == "application/json"


POISON: list[tuple[str, dict[str, Any]]] = [
    ("garbage", {"value": b"\x00\xff\xfe garbage"}),
    ("empty", {"value": b""}),
    ("tombstone", {"value": None}),
    ("another shape", {"value": b'{"number": "many"}'}),
    ("headers that are no text", {"headers": [("ce_type", b"\xff\xfe"), ("x", b"\x80")]}),
    ("another type", {"headers": [("ce_specversion", b"1.0"), ("ce_type", b"other.v1")]}),
    ("no headers", {"headers": []}),
]


@pytest.mark.parametrize(("_name", "poison"), POISON, ids=[name for name, _ in POISON])
async def test_poison_blocks_nothing_and_is_kept_byte_for_byte(
    cluster: Cluster, new_bus: NewBus, _name: str, poison: dict[str, Any]
) -> None:
    event, recorder, bus = await cluster.new_event(), Recorder(), new_bus()
    value = poison["value"] if "value" in poison else body_of(event(number=0))
    headers = poison.get("headers", raw_headers(event(number=0)))
    await cluster.write(event.topic, (b"poison", headers, value))
    await cluster.write_events(event(number=1))
    bus.consume(event, recorder)
    bus.start()

    await wait_until(lambda: recorder.handled == [1])
    await cluster.await_no_lag(group_of("tests", event), event.topic)
    (dead,) = await cluster.read(dead_letters_of(event.topic))
    assert (dead.key, dead.value or b"") == (b"poison", value or b"")  # a tombstone may be kept as no bytes
    assert headers_of_record(dead)[ERROR_CLASS] == "Undecodable"
    assert await cluster.read(retry_of(event.topic)) == []


async def test_a_record_that_cannot_even_be_unpacked_is_stepped_over_and_known_of(
    cluster: Cluster, new_bus: NewBus
) -> None:
    event, recorder, bus = await cluster.new_event(), Recorder(), new_bus()
    await cluster.write_events(event(number=0))
    await cluster.write_unreadable(event.topic)
    await cluster.write_events(event(number=1), event(number=2))
    bus.consume(event, recorder)
    bus.start()

    await wait_until(lambda: recorder.handled == [0, 1, 2], within_s=15)
    await cluster.await_no_lag(group_of("tests", event), event.topic)
    (dead,) = await cluster.read(dead_letters_of(event.topic))
    assert headers_of_record(dead) | {ERROR_CLASS: "UnicodeDecodeError", SOURCE: f"{event.topic}/0/1"} == (
        headers_of_record(dead)
    )


async def test_a_record_larger_than_a_topic_takes_back_blocks_nothing(cluster: Cluster, new_bus: NewBus) -> None:
    event, recorder, bus = await cluster.new_event(), Recorder(), new_bus()
    await cluster.write(event.topic, (b"poison", raw_headers(event(number=0)), b"x" * 1_000_000))
    await cluster.write_events(event(number=1))
    bus.consume(event, recorder)
    bus.start()

    await wait_until(lambda: recorder.handled == [1])
    await cluster.await_no_lag(group_of("tests", event), event.topic)
    (dead,) = await cluster.read(dead_letters_of(event.topic))
    assert (dead.value, headers_of_record(dead)[OVERSIZED]) == (b"", "1000000")


async def test_a_message_that_fails_comes_back_when_it_is_due_and_not_before(cluster: Cluster, new_bus: NewBus) -> None:
    times: list[datetime] = []

    def fail_once(_: int, attempt: int) -> None:
        times.append(datetime.now(UTC))
        if attempt == 1:
            raise ValueError("kim@customer.example")

    event, recorder, bus = await cluster.new_event(), Recorder(fail_once), new_bus()
    bus.consume(event, recorder)
    bus.start()
    await cluster.write_events(event(number=1))

    await wait_until(lambda: recorder.handled == [1])
    (retried,) = await cluster.read(retry_of(event.topic))
    headers = headers_of_record(retried)
    assert (headers[ATTEMPT], headers[ERROR_CLASS], headers["ce_id"]) == ("1", "ValueError", "ping:1")
    assert times[0] + timedelta(seconds=0.9) < datetime.fromisoformat(headers[NOT_BEFORE]) <= times[1]
    assert (retried.key, retried.value) == (b"key-1", body_of(event(number=1)))
    assert "customer" not in str(retried)
    await cluster.await_no_lag(group_of("tests", event), retry_of(event.topic))


async def test_a_message_that_has_failed_often_enough_is_a_dead_letter(cluster: Cluster, new_bus: NewBus) -> None:
    def fail(number: int, _: int) -> None:
        if number == 1:
            raise ValueError

    event, recorder, bus = await cluster.new_event(), Recorder(fail), new_bus()
    last = {ATTEMPT: str(len(TIERS)), NOT_BEFORE: datetime.now(UTC).isoformat()}
    await cluster.write_events(event(number=1), more=last, topic=retry_of(event.topic))
    await cluster.write_events(event(number=2))
    bus.consume(event, recorder)
    bus.start()

    await cluster.await_no_lag(group_of("tests", event), retry_of(event.topic))
    (dead,) = await cluster.read(dead_letters_of(event.topic))
    assert headers_of_record(dead)[ATTEMPT] == str(len(TIERS) + 1)
    assert recorder.handled == [2]


async def test_a_handler_decides_between_dead_and_later(cluster: Cluster, new_bus: NewBus) -> None:
    def decide(number: int, attempt: int) -> None:
        if number == 1:
            raise Unhandleable
        if attempt == 1:
            raise TryLater(timedelta(milliseconds=200))

    event, recorder, bus = await cluster.new_event(), Recorder(decide), new_bus()
    bus.consume(event, recorder)
    bus.start()
    await cluster.write_events(event(number=1), event(number=2))

    await wait_until(lambda: recorder.handled == [2])
    assert [record.key for record in await cluster.read(dead_letters_of(event.topic))] == [b"key-1"]
    assert [record.key for record in await cluster.read(retry_of(event.topic))] == [b"key-2"]


async def test_what_would_come_too_late_is_not_retried(cluster: Cluster, new_bus: NewBus) -> None:
    def fail(_: int, __: int) -> None:
        raise ValueError

    event, recorder, bus = await cluster.new_event(), Recorder(fail), new_bus()
    bus.consume(event, recorder)
    bus.start()
    now = datetime.now(UTC)
    await cluster.write_events(
        event(number=1, good_until=now - timedelta(seconds=1)),
        event(number=2, good_until=now + timedelta(milliseconds=900)),
    )

    await cluster.await_no_lag(group_of("tests", event), event.topic)
    assert recorder.started == [2]
    assert [record.key for record in await cluster.read(dead_letters_of(event.topic))] == [b"key-2"]


async def test_an_old_retry_that_waits_delays_no_new_message(cluster: Cluster, new_bus: NewBus) -> None:
    event, recorder, bus = await cluster.new_event(), Recorder(), new_bus()
    later = {NOT_BEFORE: (datetime.now(UTC) + timedelta(hours=1)).isoformat(), ATTEMPT: "3"}
    waiting = [event(number=number) for number in range(100)]
    await cluster.write_events(*waiting, more=later, topic=retry_of(event.topic))
    bus.consume(event, recorder, Limits(concurrency=2))
    bus.start()
    await wait_until(bus.healthy)
    await cluster.write_events(event(number=1000))
    await cluster.write_events(event(number=1001), topic=retry_of(event.topic))  # behind them, and due

    await wait_until(lambda: sorted(recorder.handled) == [1000, 1001], 5)
    assert await cluster.lag(group_of("tests", event), retry_of(event.topic)) == 101  # none of those is given up


async def test_a_slow_message_delays_no_other(cluster: Cluster, new_bus: NewBus) -> None:
    gate = asyncio.Event()
    recorder = Recorder(lambda number, _: gate.wait() if number == 0 else None)
    event, bus = await cluster.new_event(), new_bus()
    bus.consume(event, recorder)
    bus.start()
    await cluster.write_events(*(event(number=number) for number in range(50)))

    await wait_until(lambda: sorted(recorder.handled) == list(range(1, 50)))
    assert await cluster.lag(group_of("tests", event), event.topic) == 50
    gate.set()
    await cluster.await_no_lag(group_of("tests", event), event.topic)


async def test_no_more_handlers_run_at_once_than_allowed(cluster: Cluster, new_bus: NewBus) -> None:
    recorder = Recorder(lambda _, __: asyncio.sleep(0.01))
    event, bus = await cluster.new_event(4), new_bus()
    bus.consume(event, recorder, Limits(concurrency=3))
    bus.start()
    await cluster.spread(event(number=number) for number in range(60))

    await wait_until(lambda: len(recorder.handled) == 60)
    assert recorder.most_at_once == 3


async def test_with_little_room_everything_still_gets_through(cluster: Cluster, new_bus: NewBus) -> None:
    event, recorder, bus = await cluster.new_event(4), Recorder(), new_bus()
    bus.consume(event, recorder, Limits(concurrency=2, held=3))
    bus.start()
    await cluster.spread(event(number=number) for number in range(300))

    await wait_until(lambda: len(recorder.handled) == 300)
    await cluster.await_no_lag(group_of("tests", event), event.topic)


async def test_a_message_is_committed_only_after_its_effect(cluster: Cluster, new_bus: NewBus) -> None:
    """The first member dies in the middle of it without a word; the second one handles it."""
    stuck = Recorder(lambda number, _: asyncio.Event().wait() if number == 1 else None)
    event, first = await cluster.new_event(), new_bus()
    first.consume(event, stuck, Limits(handler_deadline_s=600))
    first.start()
    await cluster.write_events(*(event(number=number) for number in range(3)))
    await wait_until(lambda: sorted(stuck.handled) == [0, 2])

    async def committed() -> bool:
        return await cluster.lag(group_of("tests", event), event.topic) == 2

    await wait_until(committed)
    await die(first)

    recorder, second = Recorder(), new_bus()
    second.consume(event, recorder)
    second.start()
    await wait_until(lambda: 1 in recorder.handled, 20)
    assert set(recorder.handled) <= {1, 2}  # the one that was finished out of order may come again
    await cluster.await_no_lag(group_of("tests", event), event.topic)


async def die(bus: Any) -> None:
    """As kill -9 does: nothing is finished, nothing is committed; only the session of the group is spared."""
    for intake in bus._intakes:
        intake._committer.cancel()
        for lane in intake._lanes._open.values():
            for task in lane.tasks:
                task.cancel()
        intake._lanes._open.clear()
        intake._draining = True
    for task in bus._tasks:
        task.cancel()
    await bus.broker.stop()


async def test_a_graceful_stop_loses_nothing_and_repeats_nothing(cluster: Cluster, new_bus: NewBus) -> None:
    event = await cluster.new_event(4)
    numbers = list(range(400))
    first = Recorder(lambda _, __: asyncio.sleep(0.2))
    bus = new_bus()
    bus.consume(event, first, Limits(concurrency=20))
    bus.start()
    await cluster.spread(event(number=number) for number in numbers)
    await wait_until(lambda: len(first.handled) > 50)
    async with asyncio.timeout(2):  # what runs finishes; what only waits for a slot is the next one's
        await bus.stop()
    assert first.running == 0
    assert sorted(first.started) == sorted(first.handled)
    assert len(first.handled) < 200

    second, again = Recorder(), new_bus()
    again.consume(event, second)
    again.start()
    await wait_until(lambda: len(first.handled) + len(second.handled) >= 400)
    await cluster.await_no_lag(group_of("tests", event), event.topic)
    assert sorted(first.handled + second.handled) == numbers


async def test_a_stop_does_not_wait_for_what_is_not_due(cluster: Cluster, new_bus: NewBus) -> None:
    event, bus = await cluster.new_event(), new_bus()
    later = {NOT_BEFORE: (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    await cluster.write_events(event(number=1), more=later, topic=retry_of(event.topic))
    recorder = Recorder()
    bus.consume(event, recorder)
    bus.start()
    await cluster.write_events(event(number=2))
    await wait_until(lambda: recorder.handled == [2])
    async with asyncio.timeout(2):
        await bus.stop()

    assert await cluster.lag(group_of("tests", event), retry_of(event.topic)) == 1


async def test_two_services_each_get_every_message(cluster: Cluster, new_bus: NewBus) -> None:
    event = await cluster.new_event()
    recorders = [Recorder(), Recorder()]
    for recorder, service in zip(recorders, ("one", "other"), strict=True):
        bus = new_bus(service)
        bus.consume(event, recorder)
        bus.start()
    await cluster.write_events(*(event(number=number) for number in range(5)))

    await wait_until(lambda: all(sorted(recorder.handled) == [0, 1, 2, 3, 4] for recorder in recorders))
