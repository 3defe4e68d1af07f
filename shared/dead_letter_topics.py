"""The dead-letter topics as `gatepost dlq` reads, replays and purges them: without a group, so that nothing is ever
committed, and no further than what stood there at the start."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.cloudevents import Headers, text_headers
from shared.dead_letter import REPLAYED, DeadLetter
from shared.reachable import reachable
from shared.settings import KafkaSettings
from shared.stepping_consumer import SteppingConsumer
from shared.topics import DEAD_LETTER_SUFFIX, dead_letters_of, retry_of
from shared.unavailable import DependencyUnavailable

LOOK_AGAIN_S: Final = 0.5
GOODBYE_S: Final = 2.0  # a producer would wait for ever to flush to a Kafka that is away
_LAST_MS: Final = 253_402_300_799_000  # of the year 9999: a foreign time may be anything

Standing = Mapping[TopicPartition, range]
"""Offsets by partition of a dead-letter topic."""


class DeadLetterTopics:
    def __init__(
        self, consumer: SteppingConsumer, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient, deadline_s: float
    ) -> None:
        self._consumer = consumer
        self._producer = producer
        self._admin = admin
        self._deadline_s = deadline_s

    async def standing(self, origins: Iterable[str]) -> Standing:
        """What is in their dead-letter topics now. A topic that does not exist is left out."""
        wanted = {dead_letters_of(origin) for origin in origins}
        partitions = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in await self._admin.describe_topics()  # of all: to ask for one might make it
            for partition in topic["partitions"]
            if topic["topic"] in wanted
        ]
        self._consumer.assign(partitions)
        begins, ends = await self._consumer.beginning_offsets(partitions), await self._consumer.end_offsets(partitions)
        return {partition: range(begins[partition], ends[partition]) for partition in sorted(partitions)}

    async def read(self, standing: Standing) -> AsyncGenerator[DeadLetter]:
        """All of it, with the marks of what still stands; of a partition in their order.

        Raises:
            DependencyUnavailable: Kafka does not go on.
        """
        left = {partition: offsets.stop for partition, offsets in standing.items() if offsets}
        if not left:
            return
        self._consumer.assign(list(left))
        for partition in left:
            self._consumer.seek(partition, standing[partition].start)
        last_seen = time.monotonic()
        while left:
            record = await self._next(*left)
            if record is not None:
                offsets, letter = standing[TopicPartition(record.topic, record.partition)], _letter(record)
                if letter.offset < offsets.stop and (letter.marks is None or letter.marks in offsets):
                    yield letter
                last_seen = time.monotonic()
                if letter.offset + 1 < offsets.stop:
                    continue
            # The last offsets may be none of a record: what could not be unpacked, or the end of a transaction.
            reached = {partition: await self._consumer.position(partition) for partition in left}
            left = {partition: stop for partition, stop in left.items() if reached[partition] < stop}
            if time.monotonic() - last_seen > self._deadline_s and left:
                raise DependencyUnavailable("kafka")

    async def _next(self, *partitions: TopicPartition) -> Any:
        """An aiokafka.ConsumerRecord, or None after a moment without one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_S):
                return await self._consumer.getone(*partitions)
        return None

    async def replay(self, letters: Iterable[DeadLetter]) -> None:
        """Puts them on the retry topic of their origin, and then a mark of that beside each.

        Raises:
            DependencyUnavailable: not all are there, or not known to be; those without a mark may be.
        """
        letters = list(letters)
        try:
            async with asyncio.timeout(self._deadline_s):
                await asyncio.gather(*map(self._send_again, letters))
                await asyncio.gather(*map(self._mark, letters))
        except TimeoutError:
            raise DependencyUnavailable("kafka") from None

    async def _send_again(self, letter: DeadLetter) -> None:
        """Not on the origin itself: what comes there long after its time is void (shared/handling.py)."""
        headers = _raw(letter.fresh_headers())
        await self._producer.send_and_wait(retry_of(letter.origin), letter.body, letter.key, headers=headers)

    async def _mark(self, letter: DeadLetter) -> None:
        """In the same partition: whatever Kafka deletes, a mark outlives what it marks."""
        topic, headers = dead_letters_of(letter.origin), _raw({REPLAYED: str(letter.offset)})
        await self._producer.send_and_wait(topic, b"", partition=letter.partition, headers=headers)

    async def delete(self, before: Mapping[TopicPartition, int]) -> None:
        """Raises: aiokafka.errors.IncompatibleBrokerVersion: this broker cannot."""
        await self._admin.delete_records({partition: RecordsToDelete(offset) for partition, offset in before.items()})


@asynccontextmanager
async def dead_letter_topics(settings: KafkaSettings) -> AsyncIterator[DeadLetterTopics]:
    """Raises: DependencyUnavailable, aiokafka.errors.KafkaError."""
    servers = settings.kafka.split(",")
    if not any([await reachable(server) for server in servers]):
        raise DependencyUnavailable("kafka")
    async with AsyncExitStack() as stack:
        consumer = SteppingConsumer(_passed_over, bootstrap_servers=servers, fetch_max_wait_ms=50)
        producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True, linger_ms=0)
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        for client, leave in ((consumer, consumer.stop), (producer, producer.stop), (admin, admin.close)):
            stack.push_async_callback(_within, GOODBYE_S, leave)
            await client.start()
        yield DeadLetterTopics(consumer, producer, admin, settings.kafka_deadline_s)


async def _within(seconds: float, leave: Any) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await leave()


async def _passed_over(partition: TopicPartition, offset: int, error: Exception, _: str | None) -> None:
    where = f"{partition.topic}, partition {partition.partition}, offset {offset}"
    print(f"{where}: cannot be unpacked ({type(error).__name__})", file=sys.stderr)  # noqa: T201 - a command's answer


def _letter(record: Any) -> DeadLetter:
    at = datetime.fromtimestamp(min(max(record.timestamp, 0), _LAST_MS) / 1000, UTC)
    origin, headers = record.topic.removesuffix(DEAD_LETTER_SUFFIX), text_headers(record.headers)
    return DeadLetter(origin, record.partition, record.offset, at, record.key, headers, record.value or b"")


def _raw(headers: Headers) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in headers.items()]
