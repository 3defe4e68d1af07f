"""What Kafka has not acknowledged in time: where, and since when nobody needs to queue behind it."""

import asyncio
from collections import Counter
from collections.abc import Collection
from typing import Any, Final

import structlog

from shared.telemetry import meter

_log = structlog.get_logger()
_stuck: Final = meter.create_gauge(
    "gatepost.kafka.overdue", description="partitions by topic that have not taken a message in time"
)


class Overdue:
    """Messages by topic and partition. Each is forgotten when Kafka takes it, or its client gives it up."""

    def __init__(self) -> None:
        self._messages: dict[str, Counter[int | None]] = {}

    @property
    def topics(self) -> Collection[str]:
        return self._messages

    def partitions(self, topic: str) -> Collection[int | None]:
        """None among them stands for one that was not known when the message was sent."""
        return self._messages.get(topic, ())

    def holds_up(self, topic: str, partition: int | None) -> bool:
        """Whether a message would queue behind one of these. What is not known may be anywhere."""
        stuck = self._messages.get(topic)
        return stuck is not None and (partition is None or partition in stuck or None in stuck)

    def watch(self, future: asyncio.Future[Any], topic: str, partition: int | None) -> None:
        """Does nothing with one that is done."""
        if future.done():
            return
        stuck = self._messages.setdefault(topic, Counter())
        stuck[partition] += 1
        if stuck[partition] == 1:
            _log.warning("partition_stuck", topic=topic, partition=partition)
            _stuck.set(len(stuck), {"topic": topic})
        future.add_done_callback(lambda done: self._forget(done, topic, partition))

    def _forget(self, future: asyncio.Future[Any], topic: str, partition: int | None) -> None:
        if not future.cancelled():
            future.exception()  # seen; asyncio would otherwise complain that nobody looked
        stuck = self._messages[topic]
        stuck[partition] -= 1
        if stuck[partition]:
            return
        del stuck[partition]
        _log.info("partition_flows", topic=topic, partition=partition)
        _stuck.set(len(stuck), {"topic": topic})
        if not stuck:
            del self._messages[topic]
