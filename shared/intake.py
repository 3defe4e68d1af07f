"""How we consume: concurrently within a bound, at least once, committed after the effect.

Messages of a partition finish in any order; what is committed is the lowest offset still in flight
(shared/offsets.py), so a slow one holds up the commit and nothing else. A message that fails is on its retry or
dead-letter topic before its offset counts as finished. One that is not due yet waits here without taking a slot.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from shared.cloudevents import text_headers
from shared.handling import Handling, Record
from shared.lanes import Lane, Lanes, task_failed
from shared.redelivery import TIERS, not_before_of
from shared.stepping_consumer import fetched_with
from shared.telemetry import meter, processing

LONGEST_WAIT_S: Final = max(TIERS).total_seconds()  # whatever a header says

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


class Intake(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """The messages of one subscription, from Kafka to a handler and back to a committed offset."""

    MOST_AT_ONCE: Final = 256

    def __init__(self, topic: str, group: str, handling: Handling[Any], limits: Limits) -> None:
        self._topic = topic
        self._group = group
        self._handling = handling
        self._limits = limits
        # Apart, so that waiting retries never take the room of fresh messages.
        self._room = asyncio.Semaphore(limits.held)
        self._room_to_wait = asyncio.Semaphore(limits.held)
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
        fetched = await fetched_with(first, consumer, self.MOST_AT_ONCE)
        for record, lane in [(record, self._lanes.of(record.topic, record.partition)) for record in fetched]:
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

    async def _start(self, record: Record, lane: Lane) -> None:
        room = self._room_to_wait if self._waits(record) else self._room
        await room.acquire()
        if self._draining or lane.closed:  # taken away while we waited: its next owner reads it again
            room.release()
            return
        lane.offsets.start(record.offset)
        task = asyncio.create_task(self._run(record, lane))
        lane.tasks[task] = True
        task.add_done_callback(partial(self._leave, lane, room))

    def _waits(self, record: Record) -> bool:
        """Only our own retry topic can make a message wait."""
        return bool(record.topic != self._topic)

    def _leave(self, lane: Lane, room: asyncio.Semaphore, task: asyncio.Task[None]) -> None:
        lane.tasks.pop(task, None)
        room.release()
        if (error := task_failed(task)) is not None:
            _log.error("intake_broken", group=self._group, exc_info=error)  # uncommitted, so not lost

    async def _run(self, record: Record, lane: Lane) -> None:
        headers = text_headers(record.headers)
        if (due := not_before_of(headers)) is not None and self._waits(record):
            await asyncio.sleep(min((due - datetime.now(UTC)).total_seconds(), LONGEST_WAIT_S))
        async with self._slots:
            lane.begin()
            with processing(self._topic, self._group, headers):
                result = await self._handling(record, headers)
        _handled.add(1, {"topic": self._topic, "result": result})
        lane.offsets.finish(record.offset)

    async def _keep_committing(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await asyncio.sleep(self._limits.commit_every_s)
            await self._lanes.commit(consumer)
