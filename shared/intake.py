"""How we consume: concurrently within a bound, at least once, committed after the effect.

Messages of a partition finish in any order; what is committed is the lowest offset still in flight
(shared/offsets.py), so a slow one holds up the commit and nothing else. A message that fails is on its retry or
dead-letter topic before its offset counts as finished. One that is not due yet waits here without taking a slot.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.cloudevents import Headers, Undecodable, decode, text_headers
from shared.events import Event
from shared.lanes import Lane, Lanes, task_failed
from shared.publisher import EventPublisher
from shared.redelivery import TryLater, not_before_of, redeliver
from shared.telemetry import failed, meter, processing
from shared.unavailable import DependencyUnavailable

E = TypeVar("E", bound=Event)
Handler = Callable[[E], Awaitable[None]]
Record = Any  # aiokafka.ConsumerRecord[bytes, bytes]; the library has no types

_log = structlog.get_logger()
_handled = meter.create_counter("gatepost.events.handled", description="messages by topic and result")


@dataclass(frozen=True, slots=True)
class Limits:
    """`concurrency`: handlers at once; `held`: accepted messages, waiting ones included; times in seconds."""

    concurrency: int = 64
    held: int = 10_000
    handler_deadline_s: float = 30.0
    handover_s: float = 5.0
    commit_every_s: float = 0.1
    publish_again_s: float = 1.0


class Intake(ConsumerRebalanceListener, Generic[E]):  # type: ignore[misc]  # aiokafka has no types
    """The messages of one subscription, from Kafka to a handler and back to a committed offset."""

    MOST_AT_ONCE: Final = 256

    def __init__(
        self, event_type: type[E], handle: Handler[E], group: str, publisher: EventPublisher, limits: Limits
    ) -> None:
        self._event_type = event_type
        self._handle = handle
        self._group = group
        self._publisher = publisher
        self._limits = limits
        self._room = asyncio.Semaphore(limits.held)
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._lanes = Lanes(group)
        self._consumer: AIOKafkaConsumer | None = None
        self._committer: asyncio.Task[None] | None = None
        self._draining = False
        self.joined = False

    async def accept(self, first: Record, consumer: AIOKafkaConsumer) -> None:
        """Take a message and whatever else has been fetched with it; returns when all of it is started.

        Must not raise: FastStream would swallow it, and the next commit would pass over the message.
        """
        if consumer is not self._consumer:
            self._serve(consumer)
        await self._start(first, self._lanes.of(first.topic, first.partition))
        # Each finds its lane before we wait for room: a partition may be taken away meanwhile, and a record that
        # opened a lane anew after that would commit past what its next owner has not done.
        fetched = [
            (record, self._lanes.of(record.topic, record.partition)) for record in await self._already_fetched(consumer)
        ]
        for record, lane in fetched:
            await self._start(record, lane)

    def _serve(self, consumer: AIOKafkaConsumer) -> None:
        """A start of the bus that failed half-way leaves a closed consumer behind; what it held is read again."""
        if self._committer is not None:
            self._committer.cancel()
        self._lanes = Lanes(self._group)
        self._consumer = consumer
        self._committer = asyncio.create_task(self._keep_committing(consumer))

    async def drain(self, within_s: float) -> None:
        """Take nothing new, let what runs finish, commit. What does not finish in time is redelivered."""
        self._draining = True
        if self._consumer is not None and self._committer is not None:
            await self._lanes.close_all(self._consumer, within_s)
            self._committer.cancel()

    async def on_partitions_assigned(self, _: Iterable[TopicPartition]) -> None:
        self.joined = True  # a lane opens with its first message

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if self._consumer is not None:
            await self._lanes.close(revoked, self._consumer, self._limits.handover_s)

    async def _already_fetched(self, consumer: AIOKafkaConsumer) -> list[Record]:
        try:
            fetched = await consumer.getmany(timeout_ms=0, max_records=self.MOST_AT_ONCE)
        except KafkaError:
            return []  # nothing was taken; the next fetch meets the same error where it is handled
        return [record for records in fetched.values() for record in records]

    async def _start(self, record: Record, lane: Lane) -> None:
        await self._room.acquire()
        if self._draining or lane.closed:  # taken away while we waited: its next owner reads it again
            self._room.release()
            return
        lane.offsets.start(record.offset)
        task = asyncio.create_task(self._run(record, lane))
        lane.tasks[task] = True
        task.add_done_callback(partial(self._leave, lane))

    def _leave(self, lane: Lane, task: asyncio.Task[None]) -> None:
        lane.tasks.pop(task, None)
        self._room.release()
        if (error := task_failed(task)) is not None:
            _log.error("intake_broken", group=self._group, exc_info=error)  # uncommitted, so not lost

    async def _run(self, record: Record, lane: Lane) -> None:
        headers = text_headers(record.headers)
        due = not_before_of(headers)
        if due is not None:
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        async with self._slots:
            lane.begin()
            with processing(self._event_type.topic, self._group, headers):
                result = await self._effect(record, headers)
        _handled.add(1, {"topic": self._event_type.topic, "result": result})
        lane.offsets.finish(record.offset)

    async def _effect(self, record: Record, headers: Headers) -> str:
        event: E | None = None
        try:
            event = decode(self._event_type, headers, record.value)
            if event.worthless_after is not None and event.worthless_after <= datetime.now(UTC):
                return "expired"
            async with asyncio.timeout(self._limits.handler_deadline_s):
                await self._handle(event)
        except asyncio.CancelledError as error:
            if (me := asyncio.current_task()) is None or me.cancelling():
                raise  # we are to stop: uncommitted, so it is read again
            return await self._redeliver(record, headers, error, event)  # something that the handler waited for was
        except Exception as error:  # whatever it was, the message must not be lost
            return await self._redeliver(record, headers, error, event)
        return "done"

    async def _redeliver(self, record: Record, headers: Headers, error: BaseException, event: E | None) -> str:
        worthless_after = event.worthless_after if event else None
        now = datetime.now(UTC)
        next_stop = redeliver(self._event_type.topic, headers, error, now=now, worthless_after=worthless_after)
        self._report(headers, error, next_stop.topic)
        while True:
            try:
                await self._publisher.send(next_stop.topic, record.key, record.value, headers | next_stop.headers)
            except DependencyUnavailable:
                await asyncio.sleep(self._limits.publish_again_s)  # not committed until it is safe elsewhere
            else:
                return "dead" if next_stop.dead else "retried"

    def _report(self, headers: Headers, error: BaseException, next_topic: str) -> None:
        name = type(error).__name__
        failed(name)
        expected = isinstance(error, DependencyUnavailable | TryLater | Undecodable)
        event_id = headers.get("ce_id", "")[:64]
        _log.warning(
            "event_not_handled", event_id=event_id, error=name, next=next_topic, exc_info=None if expected else error
        )

    async def _keep_committing(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await asyncio.sleep(self._limits.commit_every_s)
            await self._lanes.commit(consumer)
