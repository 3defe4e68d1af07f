"""What the rest of the local system needs to know of a Kafka, whichever of the three it is, and how to ask one."""

from typing import Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

ANSWER_TIMEOUT_S = 1.0


class Kafka(Protocol):
    """`fetch_wait_ms`: GATEPOST_KAFKA_FETCH_WAIT_MS for the services. `makes_topics_itself`: `shared.create_topics` is
    neither needed nor possible."""

    fetch_wait_ms: int
    makes_topics_itself: bool

    @property
    def bootstrap(self) -> str: ...

    def start(self) -> None: ...


def lists_brokers(bootstrap: str) -> bool:
    """Whether a broker answers and is part of its own cluster; a KRaft broker lists itself only once it is unfenced."""
    try:
        # log_level 0: librdkafka would report every refused connection of the wait
        client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        return bool(client.list_topics(timeout=ANSWER_TIMEOUT_S).brokers)
    except KafkaException:
        return False
