"""The partitions that a consumer holds just now: what runs of each, and what of each may be committed."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.offsets import PartitionOffsets

_log = structlog.get_logger()

# aiokafka tries a commit again for as long as there is no coordinator: without a deadline a service could not
# stop, nor hand over a partition, while Kafka is away.
COMMIT_DEADLINE_S: Final = 2.0
LAST_WORDS_S: Final = 1.0  # for who was cancelled to note what it leaves behind


@dataclass(slots=True)
class Lane:
    """One partition while it is ours. `tasks` says of each whether it still waits, for its time or for a slot."""

    offsets: PartitionOffsets = field(default_factory=PartitionOffsets)
    tasks: dict[asyncio.Task[None], bool] = field(default_factory=dict)
    closed: bool = False

    def begin(self) -> None:
        """The current task has its slot; from here on it is to finish."""
        if (me := asyncio.current_task()) is not None:
            self.tasks[me] = False

    def stop_waiting(self) -> None:
        """Those that have not begun go back to Kafka: their offsets are never committed."""
        for task in [task for task, waiting in self.tasks.items() if waiting]:
            task.cancel()


class Lanes:
    """Opened by the first message of a partition, closed when the partition is taken away."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._open: dict[TopicPartition, Lane] = {}

    def of(self, topic: str, partition: int) -> Lane:
        return self._open.setdefault(TopicPartition(topic, partition), Lane())

    async def close(self, partitions: Iterable[TopicPartition], consumer: AIOKafkaConsumer, within_s: float) -> None:
        """Let what runs finish, cancel what does not, commit what did."""
        closing = {tp: lane for tp in list(partitions) if (lane := self._open.pop(tp, None))}
        for lane in closing.values():
            lane.closed = True
            lane.stop_waiting()
        running = [task for lane in closing.values() for task in lane.tasks]
        if running:
            _, late = await asyncio.wait(running, timeout=within_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=LAST_WORDS_S)
        await self._commit(closing, consumer)

    async def close_all(self, consumer: AIOKafkaConsumer, within_s: float) -> None:
        await self.close(self._open, consumer, within_s)

    async def commit(self, consumer: AIOKafkaConsumer) -> None:
        await self._commit(self._open, consumer)

    async def _commit(self, lanes: dict[TopicPartition, Lane], consumer: AIOKafkaConsumer) -> None:
        offsets = {tp: offset for tp, lane in lanes.items() if (offset := lane.offsets.committable()) is not None}
        if not offsets:
            return
        answering = dict(lanes)  # a lane may be closed, and opened anew, while the commit is under way
        try:
            async with asyncio.timeout(COMMIT_DEADLINE_S):
                await consumer.commit(offsets)
        except Exception as error:  # whatever it was, the next one must be tried
            # After a rebalance the new owner handles these again; event ids make that harmless.
            _log.warning("commit_failed", group=self._group, error=type(error).__name__)
            return
        for tp, offset in offsets.items():
            answering[tp].offsets.committed(offset)


def task_failed(task: asyncio.Task[Any]) -> BaseException | None:
    """What a finished task raised, cancellation aside."""
    return None if task.cancelled() else task.exception()
