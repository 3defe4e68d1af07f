"""Reads what a topic holds of the last hours, in every instance: all partitions without a group, then all that comes.

Where to begin is asked of Kafka by its own time of arrival. aiokafka begins anew at the oldest record whenever the
topic's partitions change, so each look puts it back to where we were; what it hands out meanwhile is passed over.
"""

import asyncio
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.cloudevents import Undecodable, decode, text_headers
from shared.events import Event
from shared.stepping_consumer import fetched_with

E = TypeVar("E", bound=Event)
Hear = Callable[[E, datetime], None]

_log = structlog.get_logger()

FIRST_LOOK_S: Final = 0.02
NEXT_LOOK_S: Final = 1.0
LOOK_TIMEOUT_S: Final = 2.0
TAIL: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where the partitions ended then."""

    at: datetime
    ends: Mapping[TopicPartition, int]


class RecentReader(Generic[E]):
    """`hear` gets each event with the time at which Kafka took it; some may be older than `back`, or come twice."""

    MOST_AT_ONCE: Final = 500

    def __init__(self, event_type: type[E], hear: Hear[E], back: timedelta, now: Callable[[], datetime]) -> None:
        self._event_type = event_type
        self._hear = hear
        self._back = back
        self._now = now
        self._next: dict[TopicPartition, int] = {}
        self._seen: _Seen | None = None
        self._read_until: datetime | None = None

    def read_until(self) -> datetime | None:
        """What stood in the topic at that time, by our clock, has been heard; None: we were never at its end."""
        return self._read_until

    async def accept(self, first: ConsumerRecord, consumer: AIOKafkaConsumer) -> None:
        records = [first, *await fetched_with(first, consumer, self.MOST_AT_ONCE)]
        for number, record in enumerate(records, start=1):
            self._take(record)
            if number % self.MOST_AT_ONCE == 0:
                await asyncio.sleep(0)  # a fetch may bring so many of each partition

    def _take(self, record: ConsumerRecord) -> None:
        partition = TopicPartition(record.topic, record.partition)
        if record.offset < self._next.get(partition, record.offset + 1):
            return
        self._next[partition] = record.offset + 1
        try:
            event = decode(self._event_type, text_headers(record.headers), record.value)
        except Undecodable as error:  # who works on it makes a dead letter of it
            _log.error("recent_event_unreadable", topic=record.topic, offset=record.offset, error=str(error))
        else:
            self._hear(event, datetime.fromtimestamp(record.timestamp / 1000, UTC))

    async def watch(self, consumer: AIOKafkaConsumer) -> None:
        """Keep to our place, and compare it with the end of the topic, for ever."""
        while True:
            with suppress(KafkaError, TimeoutError):  # `read_until` stands still, which is the message
                async with asyncio.timeout(LOOK_TIMEOUT_S):
                    await self._look(consumer)
            await asyncio.sleep(NEXT_LOOK_S if self._read_until else FIRST_LOOK_S)

    async def _look(self, consumer: AIOKafkaConsumer) -> None:
        partitions = consumer.assignment()
        if not partitions:  # the topic is not there yet
            return
        seen = _Seen(self._now(), await consumer.end_offsets(partitions))
        await self._place(consumer, partitions, seen.ends)
        if self._seen is None or self._seen.ends.keys() != partitions:
            self._seen = seen
        # A look later: what a position counts as read may still be on its way to us.
        elif all([await consumer.position(partition) >= end for partition, end in self._seen.ends.items()]):
            self._read_until, self._seen = self._seen.at, seen

    async def _place(
        self, consumer: AIOKafkaConsumer, partitions: Set[TopicPartition], ends: Mapping[TopicPartition, int]
    ) -> None:
        """A partition that ends before our place was made anew."""
        new = [each for each in partitions if ends[each] < self._next.get(each, ends[each] + 1)]
        begins = await self._begins(consumer, new, ends) if new else {}
        for partition in partitions:
            if partition in begins:
                self._next[partition] = begins[partition]
                consumer.seek(partition, begins[partition])
            elif await consumer.position(partition) < self._next[partition]:
                consumer.seek(partition, self._next[partition])

    async def _begins(
        self, consumer: AIOKafkaConsumer, new: list[TopicPartition], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        since = int((self._now() - self._back).timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(new, since))
        first = await consumer.beginning_offsets(new)
        # None: nothing so new stood there. The embedded broker says so whatever stands there, so a tail is read then.
        return {
            each: max(first[each], ends[each] - TAIL) if found[each] is None else found[each].offset for each in new
        }
