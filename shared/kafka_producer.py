"""aiokafka's producer inside FastStream's broker, which does not pass it on, and what it must not do while a partition
has no leader."""

import asyncio
import math
from typing import Any, Final

from faststream.kafka import KafkaBroker

METADATA_PAUSE_S: Final = 0.02


def producer_of(broker: KafkaBroker) -> Any:
    """The AIOKafkaProducer; None while the broker is not connected."""
    producer: Any = broker.config.broker_config.producer
    return producer._producer.producer if producer else None


def outlast_leaders(producer: Any) -> None:
    """For a producer that has sent nothing yet.

    It would give a message up that had no leader for 40 s, and count it all the same: the broker that comes back
    misses a sequence number, and refuses all that this process sends to the partition, for ever.

    And it would ask for the leader without a pause, at 60 % of a core. What goes to other partitions waits for the
    answer, so the pause is short. Who sends to a topic that does not exist makes it ask for that one alone, and what
    waits on others would wait for ever.
    """
    waiting = producer._message_accumulator
    waiting._batch_ttl = math.inf
    client = producer.client
    update = client._metadata_update

    async def after_a_pause(cluster: Any, topics: set[str] | None) -> Any:
        await asyncio.sleep(METADATA_PAUSE_S)
        if topics:  # the client's own; while it is empty all are asked for
            topics |= {partition.topic for partition in waiting._batches}
            topics |= {batch.tp.topic for batch in waiting._pending_batches}
        return await update(cluster, topics)

    client._metadata_update = after_a_pause
