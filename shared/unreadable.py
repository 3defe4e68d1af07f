"""What happens to a record that cannot even be unpacked: word of it in the dead letters, its content stays behind."""

import asyncio
from typing import Final

import structlog
from aiokafka import TopicPartition

from shared.publisher import EventPublisher
from shared.redelivery import ERROR_CLASS, SOURCE
from shared.topics import dead_letters_of, origin_of
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()

AGAIN_S: Final = 1.0


class UnreadableRecords:
    def __init__(self, publisher: EventPublisher) -> None:
        self._publisher = publisher

    async def __call__(self, partition: TopicPartition, offset: int, error: Exception, group: str | None) -> None:
        """Returns once it is known of; the source in the header tells where it still stands. Who reads without a group
        only reports it: every instance does, and passes over it."""
        source = f"{partition.topic}/{partition.partition}/{offset}"
        _log.error("record_unreadable", source=source, error=type(error).__name__)
        while group is not None:
            headers = {ERROR_CLASS: type(error).__name__, SOURCE: source}
            try:
                await self._publisher.send(dead_letters_of(origin_of(partition.topic)), None, b"", headers)
            except DependencyUnavailable:
                await asyncio.sleep(AGAIN_S)
            else:
                return
