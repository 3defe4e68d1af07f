"""Reads a compacted topic as a table: all of it from the beginning, without a group, and then every change."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from shared.cloudevents import Undecodable, decode, text_headers
from shared.events import Event
from shared.stepping_consumer import fetched_with

E = TypeVar("E", bound=Event)

_log = structlog.get_logger()

FIRST_LOOK_S: Final = 0.02
NEXT_LOOK_S: Final = 2.0
LOOK_TIMEOUT_S: Final = 2.0


class TableReader(Generic[E]):
    """`caught_up` is set once everything that stood in the topic when we started has been applied."""

    MOST_AT_ONCE: Final = 500

    def __init__(self, event_type: type[E], apply: Callable[[E], None], unreadable: Callable[[str], None]) -> None:
        self._event_type = event_type
        self._apply = apply
        self._unreadable = unreadable
        self._fresh_at: float | None = None
        self.caught_up = asyncio.Event()

    def staleness_s(self) -> float | None:
        """Seconds since we knew that nothing newer stands in the topic; None: never yet."""
        return None if self._fresh_at is None else time.monotonic() - self._fresh_at

    async def accept(self, first: ConsumerRecord, consumer: AIOKafkaConsumer) -> None:
        self._take(first)
        for record in await fetched_with(first, consumer, self.MOST_AT_ONCE):
            self._take(record)

    def _take(self, record: ConsumerRecord) -> None:
        try:
            self._apply(decode(self._event_type, text_headers(record.headers), record.value))
        except Undecodable as error:  # the rest of the table is still good
            _log.error("table_row_unreadable", topic=record.topic, offset=record.offset, error=str(error))
            self._unreadable((record.key or b"").decode("utf-8", "replace"))

    async def watch(self, consumer: AIOKafkaConsumer) -> None:
        """Compare our position with the end of the topic, for ever."""
        target: dict[object, int] = {}
        while True:
            try:
                async with asyncio.timeout(LOOK_TIMEOUT_S):
                    partitions = consumer.assignment()
                    end = await consumer.end_offsets(partitions) if partitions else {}
                    target = target or end
                    position = {tp: await consumer.position(tp) for tp in partitions}
            except (KafkaError, TimeoutError):
                pass  # staleness grows, which is the message
            else:
                if target and all(position.get(tp, 0) >= offset for tp, offset in target.items()):
                    self.caught_up.set()
                if end and all(position[tp] >= offset for tp, offset in end.items()):
                    self._fresh_at = time.monotonic()
            await asyncio.sleep(NEXT_LOOK_S if self.caught_up.is_set() else FIRST_LOOK_S)
