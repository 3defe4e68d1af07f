"""How we produce: `acks=all`, idempotent, no linger (shared/kafka.py), and with a deadline of our own."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from aiokafka.errors import KafkaError
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker

from shared.cloudevents import Headers, body_of, headers_of
from shared.events import Event
from shared.overdue import Overdue
from shared.telemetry import sending
from shared.unavailable import DependencyUnavailable


class Partitions(Protocol):
    """shared/partitions.py"""

    def of(self, topic: str) -> Collection[int]: ...

    def choose(self, topic: str, key: bytes | None, avoided: Collection[int | None]) -> int | None: ...


class _Begun(NamedTuple):
    """`future` is done once it is on Kafka. `partition` is None when it was not known yet."""

    future: asyncio.Future[Any]
    topic: str
    partition: int | None


class EventPublisher:
    """Publishes and waits for all in-sync replicas.

    An idempotent aiokafka producer retries for ever and never reports a timeout, so the deadline is here, and
    passing it means "unknown", not "not sent". While one message is overdue, others for its partition are refused at
    once: they would only queue behind it. The overdue one ends that state itself when Kafka takes it.
    """

    def __init__(self, broker: KafkaBroker, partitions: Partitions, deadline_s: float) -> None:
        self._broker = broker
        self._partitions = partitions
        self._deadline_s = deadline_s
        self._overdue = Overdue()
        self.connected = False

    @property
    def flowing(self) -> bool:
        """False also while most of a topic is stuck (docs/decisions/0003)."""
        return self.connected and not any(map(self._mostly_stuck, self._overdue.topics))

    def _mostly_stuck(self, topic: str) -> bool:
        stuck = self._overdue.partitions(topic)
        return None in stuck or 2 * len(stuck) > len(self._partitions.of(topic))

    async def publish(self, event: Event) -> None:
        """Returns once the event is on Kafka.

        Raises:
            DependencyUnavailable: it is not, or not known to be.
        """
        with sending(event.topic, event.id) as trace_headers:
            headers = headers_of(event, datetime.now(UTC)) | trace_headers
            await self.send(event.topic, event.key.encode(), body_of(event), headers)

    async def publish_all(self, events: Sequence[tuple[Event, Mapping[str, str]]]) -> list[bool]:
        """Of each event whether it is on Kafka, all within the one deadline. Beside it: the trace headers of what it
        follows from.

        Costs each 40 µs of CPU where a `publish` of its own costs 90. A span ends here with the handing over.
        """
        begun: dict[int, _Begun] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(self._deadline_s):
                for number, (event, after) in enumerate(events):
                    refused = suppress(DependencyUnavailable, KafkaError, IncorrectState)  # the next may go elsewhere
                    with refused, sending(event.topic, event.id, after) as trace_headers:
                        headers = headers_of(event, datetime.now(UTC)) | trace_headers
                        begun[number] = await self._begin(event.topic, event.key.encode(), body_of(event), headers)
                if begun:
                    await asyncio.wait([each.future for each in begun.values()])
        for each in begun.values():
            self._overdue.watch(*each)
        return [number in begun and _on_kafka(begun[number].future) for number in range(len(events))]

    async def send(self, topic: str, key: bytes | None, body: bytes, headers: Headers) -> None:
        """The same for bytes that are already a message (retry and dead-letter topics)."""
        begun: _Begun | None = None
        try:
            async with asyncio.timeout(self._deadline_s):
                begun = await self._begin(topic, key, body, headers)
                await asyncio.shield(begun.future)
        except TimeoutError:
            if begun is not None:
                self._overdue.watch(*begun)
            raise DependencyUnavailable("kafka") from None
        except (KafkaError, IncorrectState) as error:
            raise DependencyUnavailable("kafka") from error

    async def _begin(self, topic: str, key: bytes | None, body: bytes, headers: Headers) -> _Begun:
        if not self.connected:
            raise DependencyUnavailable("kafka")
        partition = self._partitions.choose(topic, key, self._overdue.partitions(topic))
        if self._overdue.holds_up(topic, partition):
            raise DependencyUnavailable("kafka")
        future: asyncio.Future[Any] = await self._broker.publish(
            body, topic, key=key, partition=partition, headers=headers, no_confirm=True
        )
        return _Begun(future, topic, partition)


def _on_kafka(future: asyncio.Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
