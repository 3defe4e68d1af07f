"""What the Kafka tests share: an event type with topics of its own per test, a handler that can be told to fail, and
raw readers and writers that know nothing of our consumer policy."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from pydantic import AwareDatetime

from shared.cloudevents import body_of, headers_of
from shared.events import Event
from shared.settings import ServiceSettings
from shared.topics import dead_letters_of, retry_of
from tests.wait_until import wait_until

RawHeaders = list[tuple[str, bytes]]


class Ping(Event):
    """A fact with a number. Each test gets a subclass on topics of its own (`Cluster.new_event`)."""

    topic = "test.ping"
    type = "test.ping"
    source = "gatepost/tests"

    number: int
    good_until: AwareDatetime | None = None

    @property
    def id(self) -> str:
        return f"ping:{self.number}"

    @property
    def key(self) -> str:
        return f"key-{self.number}"

    @property
    def worthless_after(self) -> datetime | None:
        return self.good_until


class NotText(str):
    """Bytes that are no UTF-8 under a name that says so."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


Handler = Callable[[Ping], Any]


@dataclass
class Recorder:
    """A handler. `script(number, attempt)` may raise or wait; `handled` gets what came through."""

    script: Callable[[int, int], Any] | None = None
    started: list[int] = field(default_factory=list)
    handled: list[int] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0

    async def __call__(self, event: Ping) -> None:
        self.started.append(event.number)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            if self.script is not None:
                waited_for = self.script(event.number, self.started.count(event.number))
                if waited_for is not None:
                    await waited_for
        finally:
            self.running -= 1
        self.handled.append(event.number)


@dataclass
class Cluster:
    """A Kafka, seen from outside."""

    bootstrap: str
    kind: str = "apache"

    async def new_event(self, partitions: int = 1, *, compacted: bool = False) -> type[Ping]:
        """A subclass of Ping whose topics exist and are empty."""
        name = f"test.{uuid4().hex[:12]}"
        event = type("Ping", (Ping,), {"topic": name, "type": name, "__module__": __name__})
        if self.kind == "apache":
            config = {"cleanup.policy": "compact"} if compacted else {}
            names = (name,) if compacted else (name, retry_of(name), dead_letters_of(name))
            admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
            await admin.start()
            await admin.create_topics([NewTopic(each, partitions, 1, topic_configs=config) for each in names])
            await admin.close()
        return event

    def settings(self, **changes: Any) -> ServiceSettings:
        return ServiceSettings(port=1, kafka=self.bootstrap, kafka_fetch_wait_ms=50, **changes)

    async def write(self, topic: str, *messages: tuple[bytes | None, RawHeaders, bytes | None]) -> None:
        """Messages as (key, headers, value), in this order and in partition 0."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=0)
        await producer.start()
        for key, headers, value in messages:
            await producer.send_and_wait(topic, value, key, partition=0, headers=headers)
        await producer.stop()

    async def write_unreadable(self, topic: str) -> None:
        """A record whose header name is no UTF-8, as a foreign client may write it; ours cannot."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        batch = producer.create_batch()
        options = {"is_transactional": 0, "producer_id": -1, "producer_epoch": -1, "base_sequence": 0}
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, **options, batch_size=16_384)
        batch.append(timestamp=None, key=b"poison", value=b"{}", headers=[(NotText("x"), b"1")])
        await (await producer.send_batch(batch, topic, partition=0))
        await producer.stop()

    async def write_events(self, *events: Ping, more: dict[str, str] | None = None, topic: str | None = None) -> None:
        await self.write(
            topic or events[0].topic,
            *((event.key.encode(), raw_headers(event, more), body_of(event)) for event in events),
        )

    async def spread(self, events: Iterable[Ping]) -> None:
        """Events over all partitions, as their keys say."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5)
        await producer.start()
        sent = [
            await producer.send(event.topic, body_of(event), event.key.encode(), headers=raw_headers(event))
            for event in events
        ]
        await asyncio.gather(*sent)
        await producer.stop()

    async def read(self, topic: str) -> list[Any]:
        """All records that stand in the topic now."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
        await consumer.start()
        try:
            await consumer._client._wait_on_metadata(topic)
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            end = await consumer.end_offsets(partitions)
            records: list[Any] = []
            while any([await consumer.position(tp) < offset for tp, offset in end.items()]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records.extend(batch)
            return records
        finally:
            await consumer.stop()

    async def lag(self, group: str, topic: str) -> int:
        """How many messages of the topic the group has not committed. Asked without joining the group."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            await consumer._client._wait_on_metadata(topic)
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(partitions)
            end = await consumer.end_offsets(partitions)
            return sum([offset - (await consumer.committed(tp) or 0) for tp, offset in end.items()])
        finally:
            await consumer.stop()

    async def await_no_lag(self, group: str, topic: str, within_s: float = 10) -> None:
        async def caught_up() -> bool:
            with suppress(KafkaError):
                return await self.lag(group, topic) == 0
            return False

        await wait_until(caught_up, within_s)


def group_of(service: str, event: type[Event]) -> str:
    return f"gatepost.{service}.{event.topic}"


def raw_headers(event: Event, more: dict[str, str] | None = None) -> RawHeaders:
    headers = headers_of(event, datetime.now(UTC)) | (more or {})
    return [(name, value.encode()) for name, value in headers.items()]
