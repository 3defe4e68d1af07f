"""The one place that knows how we use Kafka. FastStream's defaults lose messages (FACTS), so no subscriber is declared
elsewhere: `EventBus.consume` for work, `follow` for a compacted table, `follow_recent` for what the last hours brought.

FastStream wakes us with one record (`getone`, no polling); the rest of the same fetch is taken with it. It never
acknowledges (`AckPolicy.MANUAL`) and never parses: `shared/intake.py` commits, `shared/cloudevents.py` decodes.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.handling import E, Handler, Handling, HandlingLimits
from shared.intake import Intake, Limits
from shared.kafka_health import cluster_answers, topics_exist
from shared.kafka_producer import outlast_leaders, producer_of
from shared.lanes import task_failed
from shared.partitions import Partitions
from shared.publisher import EventPublisher
from shared.raw_records import undecoded, unparsed
from shared.reachable import reachable
from shared.recent_reader import Hear, RecentReader
from shared.settings import ServiceSettings
from shared.stepping_consumer import SteppingConsumer
from shared.table_reader import TableReader
from shared.topics import retry_of
from shared.unreadable import UnreadableRecords

_log = structlog.get_logger()

CONNECT_AGAIN_S: Final = 1.0
DRAIN_S: Final = 6.0
LEAVE_S: Final = 2.0
METADATA_MAX_AGE_MS: Final = 30_000  # a topic created late is seen within this


class _Acceptor(Protocol):
    async def accept(self, first: ConsumerRecord, consumer: AIOKafkaConsumer) -> None: ...


class _Reader(_Acceptor, Protocol):
    async def watch(self, consumer: AIOKafkaConsumer) -> None: ...


class EventBus:
    """A service's connection to Kafka: starts without it, connects when it is there, drains before it leaves."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        self._service = service
        self._fetch_wait_ms = settings.kafka_fetch_wait_ms
        self._servers = settings.kafka.split(",")
        self.broker = KafkaBroker(
            self._servers,
            client_id=f"gatepost-{service}",
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            allow_auto_create_topics=False,
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
            graceful_timeout=DRAIN_S,
            apply_types=False,
            logger=logging.getLogger("gatepost.faststream"),
        )
        self.publisher = EventPublisher(self.broker, Partitions(self.broker), settings.kafka_deadline_s)
        self._unreadable = UnreadableRecords(self.publisher)
        self._intakes: list[Intake] = []
        self._readers: list[tuple[_Reader, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._connecting: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def consume(
        self,
        event_type: type[E],
        handle: Handler[E],
        limits: Limits | None = None,
        given_up: Handler[E] | None = None,
    ) -> None:
        """Handle every event of a type at least once, with retries and dead letters (shared/handling.py)."""
        group = f"gatepost.{self._service}.{event_type.topic}"
        limits = limits or Limits()
        within = HandlingLimits(limits.handler_deadline_s, limits.publish_again_s)
        handling = Handling(event_type, handle, given_up, self.publisher, within)
        intake = Intake(event_type.topic, group, handling, limits)
        self._subscribe(intake, event_type.topic, retry_of(event_type.topic), group_id=group, listener=intake)
        self._intakes.append(intake)

    def follow(
        self, event_type: type[E], apply: Callable[[E], None], unreadable: Callable[[str], None]
    ) -> TableReader[E]:
        """Apply every row of a compacted topic, from its beginning, in every instance (shared/table_reader.py).

        `unreadable` gets the key of a row that is not what it should be.
        """
        table = TableReader(event_type, apply, unreadable)
        self._readers.append((table, self._subscribe(table, event_type.topic, group_id=None)))
        return table

    def follow_recent(self, event_type: type[E], hear: Hear[E], back: timedelta) -> RecentReader[E]:
        """Hear every event that came within `back` before now, and from now on, in every instance, without retries and
        dead letters (shared/recent_reader.py)."""
        recent = RecentReader(event_type, hear, back, lambda: datetime.now(UTC))
        self._readers.append((recent, self._subscribe(recent, event_type.topic, group_id=None)))
        return recent

    def _subscribe(self, acceptor: _Acceptor, *topics: str, **options: Any) -> Any:
        subscriber: Any = self.broker.subscriber(
            *topics,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=self._fetch_wait_ms,
            parser=unparsed,
            decoder=undecoded,
            no_reply=True,
            **options,
        )

        @subscriber  # type: ignore[untyped-decorator]
        async def accept(record: ConsumerRecord) -> None:
            await acceptor.accept(record, subscriber.consumer)

        return subscriber

    def start(self) -> None:
        """Returns at once; connecting goes on until it succeeds."""
        self._connecting = self._spawn(self._connect())

    async def _connect(self) -> None:
        while not await self._started():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), CONNECT_AGAIN_S)
            if self._stopping.is_set():
                return
        self.publisher.connected = True
        for reader, subscriber in self._readers:
            self._spawn(reader.watch(subscriber.consumer))
        _log.info("kafka_connected")

    async def _started(self) -> bool:
        # Knock first: a producer that fails to start is left unclosed inside FastStream.
        if not any([await reachable(server) for server in self._servers]):
            _log.warning("kafka_unreachable")
            return False
        try:
            await self.broker.connect()
            outlast_leaders(producer_of(self.broker))
            # FastStream offers no other way to choose the class of its consumers.
            config: Any = self.broker.config.broker_config
            config.builder = partial(SteppingConsumer, self._unreadable, **config.builder.keywords)
            await self.broker.start()
        except (KafkaError, OSError) as error:
            _log.warning("kafka_refused", error=type(error).__name__)
            await self.broker.stop()
            return False
        return True

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if (error := task_failed(task)) is not None:
            _log.error("kafka_task_broken", exc_info=error)  # nobody else would see it; readiness stays false

    async def healthy(self) -> bool:
        """Whether events flow: connected, topics there, in every group, no topic stuck, and the cluster answers."""
        joined = all(intake.joined for intake in self._intakes) and topics_exist(self.broker)
        return joined and self.publisher.flowing and await cluster_answers(self.broker)

    async def stop(self) -> None:
        """Finish what was accepted, commit, leave the groups."""
        self._stopping.set()
        if self._connecting is not None:  # a producer that is cancelled while it starts is never closed
            await asyncio.wait([self._connecting], timeout=LEAVE_S)
        await asyncio.gather(*(intake.drain(DRAIN_S) for intake in self._intakes))
        for task in list(self._tasks):
            task.cancel()
        self.publisher.connected = False
        try:
            async with asyncio.timeout(LEAVE_S):  # the producer would wait for ever to flush to a Kafka that is away
                await self.broker.stop()
        except TimeoutError:
            _log.warning("kafka_left_without_goodbye")
