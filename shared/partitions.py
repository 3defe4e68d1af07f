"""Which partition a key goes to: the one that Kafka's clients choose by default, so that all producers agree on it."""

from collections.abc import Collection
from typing import Any, Final

from aiokafka.partitioner import DefaultPartitioner
from faststream.kafka import KafkaBroker

from shared.kafka_producer import producer_of

_choose: Final = DefaultPartitioner()


class Partitions:
    """Of the topics that the broker's producer knows. It looks a topic up when it first sends to it, and again from
    time to time: there may be more partitions then, and keys move, as they do for every other producer."""

    def __init__(self, broker: KafkaBroker) -> None:
        self._broker = broker

    def of(self, topic: str) -> Collection[int]:
        """Their numbers; none while they are not known."""
        cluster = self._cluster()
        return (cluster.partitions_for_topic(topic) if cluster else None) or ()

    def choose(self, topic: str, key: bytes | None, avoided: Collection[int | None]) -> int | None:
        """None while that is not known. Without a key it may be any, one with a leader and not `avoided` if possible.

        A key costs 6 µs, and aiokafka, when it is told the partition, saves as much.
        """
        numbers = sorted(self.of(topic))
        if not numbers:
            return None
        free: list[int] = []
        if key is None:
            free = [each for each in self._cluster().available_partitions_for_topic(topic) if each not in avoided]
        chosen: int = _choose(key, numbers, free)
        return chosen

    def _cluster(self) -> Any:
        """What the producer itself looks at, so it takes each number that we give it; None without a connection."""
        producer = producer_of(self._broker)
        return producer and producer.client.cluster
