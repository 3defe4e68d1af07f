"""The consumer policy, against a consumer and a publisher that do exactly what a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError

from shared.cloudevents import Headers, body_of, headers_of
from shared.events import LoginChallenged
from shared.handling import Handling, HandlingLimits
from shared.intake import Intake, Limits
from shared.publisher import EventPublisher
from shared.redelivery import NOT_BEFORE, Unhandleable
from shared.topics import retry_of
from shared.unavailable import DependencyUnavailable
from tests.unit.shared.samples import login_challenged
from tests.wait_until import wait_until

TOPIC = LoginChallenged.topic
WAITING = TopicPartition(retry_of(TOPIC), 0)
FIRST, SECOND = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)
QUICK = Limits(commit_every_s=0.01, publish_again_s=0.01, handover_s=0.2)


class FakeConsumer:
    """`fetched` is what the next getmany finds; `committed` what Kafka would answer a new owner."""

    def __init__(self) -> None:
        self.fetched: dict[TopicPartition, list[ConsumerRecord]] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.commit_errors: list[Exception] = []

    async def getmany(
        self, partition: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        return {partition: self.fetched.pop(partition, [])}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        if self.commit_errors:
            raise self.commit_errors.pop(0)
        self.committed |= offsets


class FakePublisher(EventPublisher):
    """Keeps (topic, headers); `down` says no."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Headers]] = []
        self.down = False
        self.refused = 0

    async def send(self, topic: str, key: bytes | None, body: bytes, headers: Headers) -> None:
        if self.down:
            self.refused += 1
            raise DependencyUnavailable("kafka")
        self.sent.append((topic, headers))


class Handler:
    """Says what it saw; `gates[product]` holds a message back, `errors[product]` fails it."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.done: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.errors: dict[str, BaseException] = {}

    async def __call__(self, event: LoginChallenged) -> None:
        self.began.append(event.product)
        if event.product in self.gates:
            await self.gates[event.product].wait()
        if event.product in self.errors:
            raise self.errors[event.product]
        self.done.append(event.product)


class Parting(asyncio.Event):
    """A gate at which whoever is cancelled still has something to note."""

    noted = False

    async def wait(self) -> Literal[True]:
        try:
            return await super().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)  # as long as a store takes
            self.noted = True
            raise


def record(
    offset: int,
    partition: int = 0,
    *,
    due: timedelta | None = None,
    life: float = 600,
    topic: str | None = None,
    at: datetime | None = None,
    timestamp: tuple[int, int] = (0, 0),
    body: bytes | None = None,
) -> ConsumerRecord:
    """A challenge whose product is its offset; one that is `due` later is on the retry topic."""
    now = datetime.now(UTC)
    event = login_challenged(product=str(offset), expires_at=now + timedelta(seconds=life))
    headers = headers_of(event, at or now) | ({NOT_BEFORE: (now + due).isoformat()} if due else {})
    raw = tuple((name, value.encode()) for name, value in headers.items())
    body = body or body_of(event)
    topic = topic or (retry_of(TOPIC) if due else TOPIC)
    return ConsumerRecord(topic, partition, offset, *timestamp, b"key", body, None, 3, len(body), raw)


class GivenUp:
    """The products of the events that nobody will handle any more."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def take(self, event: LoginChallenged) -> None:
        self.told.append(event.product)


class World:
    def __init__(self, limits: Limits = QUICK) -> None:
        self.consumer, self.publisher, self.handler = FakeConsumer(), FakePublisher(), Handler()
        self.given_up = GivenUp()
        within = HandlingLimits(limits.handler_deadline_s, limits.publish_again_s)
        handling = Handling(LoginChallenged, self.handler, self.given_up.take, self.publisher, within)
        self.intake = Intake(TOPIC, "group", handling, limits)

    async def take(self, *records: ConsumerRecord, consumer: FakeConsumer | None = None) -> None:
        """As if all of them had come with one fetch."""
        consumer = consumer or self.consumer
        firsts: dict[TopicPartition, ConsumerRecord] = {}
        for each in records:
            partition = TopicPartition(each.topic, each.partition)
            if firsts.setdefault(partition, each) is not each:
                consumer.fetched.setdefault(partition, []).append(each)
        for first in firsts.values():
            await self.intake.accept(first, consumer)

    async def await_commit(self, offset: int, of: TopicPartition = FIRST) -> None:
        await wait_until(lambda: self.consumer.committed.get(of) == offset, 2)


NewWorld = Callable[..., World]


@pytest.fixture
async def new_world() -> AsyncIterator[NewWorld]:
    worlds: list[World] = []

    def make(limits: Limits = QUICK) -> World:
        worlds.append(World(limits))
        return worlds[-1]

    yield make
    for world in worlds:
        await world.intake.drain(0)


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world()


async def test_what_is_handled_is_committed(world: World) -> None:
    await world.take(record(0), record(1), record(2))

    await world.await_commit(3)
    assert sorted(world.handler.done) == ["0", "1", "2"]


async def test_a_slow_message_holds_the_commit_and_nothing_else(world: World) -> None:
    slow = world.handler.gates["0"] = asyncio.Event()
    await world.take(record(0), record(1), record(2))
    await wait_until(lambda: world.handler.done == ["1", "2"])
    await world.await_commit(0)
    slow.set()

    await world.await_commit(3)


async def test_no_more_handlers_run_at_once_than_allowed(new_world: NewWorld) -> None:
    world = new_world(replace(QUICK, concurrency=2))
    gate = asyncio.Event()
    world.handler.gates = {str(number): gate for number in range(5)}
    await world.take(*(record(number) for number in range(5)))
    await wait_until(lambda: len(world.handler.began) == 2)
    for _ in range(20):
        await asyncio.sleep(0)
    assert world.handler.began == ["0", "1"]
    gate.set()

    await world.await_commit(5)


async def test_a_message_that_is_not_due_takes_no_slot(new_world: NewWorld) -> None:
    world = new_world(replace(QUICK, concurrency=1))
    await world.take(record(0, due=timedelta(hours=1)), record(1))

    await wait_until(lambda: world.handler.done == ["1"])
    await world.await_commit(2)
    assert world.consumer.committed.get(WAITING, 0) == 0


async def test_only_the_retry_topic_can_make_a_message_wait(world: World) -> None:
    """Whoever writes to the topic itself could otherwise stop its commits for ever."""
    await world.take(record(0, due=timedelta(days=365), topic=TOPIC))

    await world.await_commit(1)
    assert world.handler.done == ["0"]


async def test_waiting_messages_leave_room_for_fresh_ones(new_world: NewWorld) -> None:
    world = new_world(replace(QUICK, held=1))
    await world.take(record(0, due=timedelta(hours=1)), record(0))

    await wait_until(lambda: world.handler.done == ["0"])


async def test_an_expired_event_is_given_up_and_told(world: World) -> None:
    await world.take(record(0, life=-1))

    await world.await_commit(1)
    assert (world.handler.began, world.given_up.told, world.publisher.sent) == ([], ["0"], [])


async def test_an_event_without_time_for_another_try_is_dead_and_told(world: World) -> None:
    world.handler.errors["0"] = ValueError("402817")
    await world.take(record(0, life=0.9))

    await world.await_commit(1)
    assert [topic for topic, _ in world.publisher.sent] == [f"{TOPIC}.dlq.v1"]
    assert world.given_up.told == ["0"]


async def test_what_the_handler_itself_refused_for_good_is_not_told_again(world: World) -> None:
    world.handler.errors["0"] = Unhandleable("bad address")
    await world.take(record(0))

    await world.await_commit(1)
    assert world.given_up.told == []


@pytest.mark.parametrize(("late_s", "append_time", "handled"), [(5, True, True), (61, True, False), (61, False, True)])
async def test_what_landed_long_after_its_publisher_gave_up_is_void(
    late_s: int, append_time: bool, handled: bool, world: World
) -> None:
    published = datetime.now(UTC) - timedelta(seconds=90)
    landed_ms = int((published + timedelta(seconds=late_s)).timestamp() * 1000)
    await world.take(record(0, at=published, timestamp=(landed_ms, int(append_time))))

    await world.await_commit(1)
    assert world.handler.done == (["0"] if handled else [])


async def test_a_body_that_no_topic_takes_back_is_cut_and_never_blocks(world: World) -> None:
    huge = record(0, body=b"x" * 1_500_000)
    await world.take(huge)

    await world.await_commit(1)
    ((topic, headers),) = world.publisher.sent
    assert (topic, headers["gatepost-oversized"]) == (f"{TOPIC}.dlq.v1", "1500000")


async def test_a_failed_message_is_safe_elsewhere_before_it_counts_as_done(world: World) -> None:
    world.handler.errors["0"] = ValueError("402817")
    world.publisher.down = True
    await world.take(record(0), record(1))
    await wait_until(lambda: world.publisher.refused > 2)
    assert world.consumer.committed.get(FIRST, 0) == 0
    world.publisher.down = False

    await world.await_commit(2)
    ((topic, headers),) = world.publisher.sent
    assert topic == f"{TOPIC}.retry.v1"
    assert headers["gatepost-error-class"] == "ValueError"
    assert "402817" not in str(headers)


async def test_an_unhandleable_message_goes_to_the_dead_letters(world: World) -> None:
    world.handler.errors["0"] = Unhandleable()
    await world.take(record(0))

    await world.await_commit(1)
    assert [topic for topic, _ in world.publisher.sent] == [f"{TOPIC}.dlq.v1"]


async def test_a_handler_that_hangs_is_given_up_and_retried(new_world: NewWorld) -> None:
    world = new_world(replace(QUICK, handler_deadline_s=0.02))
    world.handler.gates["0"] = asyncio.Event()
    await world.take(record(0))

    await world.await_commit(1)
    assert world.publisher.sent[0][1]["gatepost-error-class"] == "TimeoutError"


async def test_a_cancellation_inside_the_handler_is_a_failure_like_any_other(world: World) -> None:
    """A library may cancel what the handler waits for; the partition must not stop at that message for ever."""
    world.handler.errors["0"] = asyncio.CancelledError()
    await world.take(record(0), record(1))

    await world.await_commit(2)
    assert [topic for topic, _ in world.publisher.sent] == [f"{TOPIC}.retry.v1"]


async def test_a_message_that_helps_nobody_any_more_is_passed_over(world: World) -> None:
    await world.take(record(0, life=-1))

    await world.await_commit(1)
    assert world.handler.began == []
    assert world.publisher.sent == []


async def test_a_commit_that_fails_is_made_again(world: World) -> None:
    world.consumer.commit_errors = [CommitFailedError(), CommitFailedError()]
    await world.take(record(0))

    await world.await_commit(1)


async def test_a_partition_is_handed_over_with_what_runs_finished_and_committed(world: World) -> None:
    gate = world.handler.gates["0"] = asyncio.Event()
    await world.take(record(0), record(1), record(2, due=timedelta(hours=1)))
    await wait_until(lambda: world.handler.done == ["1"])
    asyncio.get_running_loop().call_later(0.05, gate.set)
    await world.intake.on_partitions_revoked([FIRST, WAITING])

    assert world.consumer.committed[FIRST] == 2
    assert world.consumer.committed.get(WAITING, 2) == 2  # the one that waits is the next owner's
    assert sorted(world.handler.done) == ["0", "1"]


async def test_what_does_not_finish_in_time_is_left_to_the_next_owner(world: World) -> None:
    world.handler.gates["0"] = asyncio.Event()
    await world.take(record(0), record(1))
    await wait_until(lambda: world.handler.done == ["1"])
    await world.intake.on_partitions_revoked([FIRST])
    world.handler.gates["0"].set()

    assert world.consumer.committed == {FIRST: 0}
    assert world.handler.done == ["1"]


async def test_what_does_not_finish_in_time_has_noted_what_it_leaves_behind_by_the_handover(world: World) -> None:
    gate = world.handler.gates["0"] = Parting()
    await world.take(record(0))
    await wait_until(lambda: world.handler.began == ["0"])
    await world.intake.on_partitions_revoked([FIRST])

    assert gate.noted
    assert world.handler.done == []


async def test_a_record_that_waited_for_room_is_dropped_when_its_partition_is_taken(new_world: NewWorld) -> None:
    """It would be handled twice, and its commit would pass over what the next owner has not done."""
    world = new_world(replace(QUICK, held=1))
    gate = world.handler.gates["0"] = asyncio.Event()
    taking = asyncio.create_task(world.take(record(0), record(1), record(2), record(9, partition=1)))
    await wait_until(lambda: world.handler.began == ["0"])
    asyncio.get_running_loop().call_later(0.05, gate.set)
    await world.intake.on_partitions_revoked([FIRST])
    await taking

    await world.await_commit(10, SECOND)
    assert world.handler.began == ["0", "9"]
    assert world.consumer.committed[FIRST] == 1


async def test_a_partition_that_comes_back_starts_where_it_was_committed(world: World) -> None:
    await world.take(record(0))
    await world.await_commit(1)
    await world.intake.on_partitions_revoked([FIRST])
    await world.intake.on_partitions_assigned([FIRST])
    await world.take(record(1))

    await world.await_commit(2)
    assert world.intake.joined


async def test_draining_finishes_what_runs_and_takes_nothing_new(world: World) -> None:
    gate = world.handler.gates["0"] = asyncio.Event()
    await world.take(record(0), record(1, due=timedelta(hours=1)))
    await wait_until(lambda: world.handler.began == ["0"])
    draining = asyncio.create_task(world.intake.drain(2))
    await asyncio.sleep(0)
    await world.take(record(2))
    gate.set()
    await draining

    assert world.handler.done == ["0"]
    assert world.consumer.committed[FIRST] == 1
    assert world.consumer.committed.get(WAITING, 1) == 1


async def test_after_a_start_that_failed_half_way_commits_go_to_the_new_consumer(world: World) -> None:
    world.consumer.commit_errors = [CommitFailedError()] * 1000  # closed: it takes no commit any more
    world.handler.gates["0"] = asyncio.Event()
    await world.take(record(0))
    fresh = FakeConsumer()
    world.handler.gates["0"].set()
    await world.take(record(0), record(1), consumer=fresh)

    await wait_until(lambda: fresh.committed == {FIRST: 2}, 2)


async def test_a_drain_without_a_single_message_returns(world: World) -> None:
    await world.intake.drain(1)


@pytest.mark.parametrize("error", [RuntimeError("closed"), CommitFailedError()])
async def test_committing_goes_on_after_any_error_of_the_library(world: World, error: Any) -> None:
    world.consumer.commit_errors = [error]
    await world.take(record(0))

    await world.await_commit(1)
