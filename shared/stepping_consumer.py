"""A consumer that does not stop for ever at a record that cannot even be unpacked.

aiokafka decodes header names while it unpacks a batch. A name that is no UTF-8, or a batch whose checksum is wrong,
raises out of `getone` at the same offset, every time: one such record would silence its partition.
"""

import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CorruptRecordException

StepOver = Callable[[TopicPartition, int, Exception, str | None], Awaitable[None]]


class SteppingConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """`step_over(partition, offset, error, group)` has made the loss known when it returns; then we go on behind it.

    What a foreign producer packed into the same batch behind such a record is stepped over as well.
    """

    def __init__(self, step_over: StepOver, **options: Any) -> None:
        super().__init__(**options)
        self._step_over = step_over

    async def getone(self, *partitions: TopicPartition) -> ConsumerRecord:
        while True:
            try:
                return await super().getone(*partitions)
            except (UnicodeDecodeError, CorruptRecordException) as error:
                partition = _partition_of(error)
                if partition is None:
                    raise
                offset = await self.position(partition)
                await self._step_over(partition, offset, error, self._group_id)
                self.seek(partition, offset + 1)


def _partition_of(error: Exception) -> TopicPartition | None:
    """aiokafka does not say which; the frame that unpacks knows."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "_unpack_records":
            found = frame.f_locals.get("tp")
            return found if isinstance(found, TopicPartition) else None
    return None


async def fetched_with(first: ConsumerRecord, consumer: AIOKafkaConsumer, most: int) -> list[ConsumerRecord]:
    """Whatever else has been fetched already, `first` aside.

    Partition by partition: `getmany` over several loses what it took from the others when one of them raises.
    """
    records: list[ConsumerRecord] = []
    for partition in _with_records(consumer) or [TopicPartition(first.topic, first.partition)]:
        try:
            fetched = await consumer.getmany(partition, timeout_ms=0, max_records=most)
        except Exception:  # nothing was taken; `getone` meets the same error where it is handled
            return records
        records += fetched.get(partition, ())
    return records


def _with_records(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """The partitions that have something; without aiokafka's word we would ask each of them, every time."""
    return list(consumer._fetcher._records) if isinstance(consumer, SteppingConsumer) else []
