"""A second broker in the cluster of a first one: what it leads can go away while the first goes on."""

from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.apache_kafka import ApacheKafka
from deploy.local.kafka_contract import ANSWER_TIMEOUT_S
from deploy.local.ports import LOOPBACK, free_port


class SecondKafka(ApacheKafka):
    """Node 2, with data of its own and no controller; `first` is node 1."""

    def __init__(self, first: ApacheKafka, directory: Path) -> None:
        super().__init__(directory / "data", free_port(), directory / "logs")
        self.cluster_id = first.cluster_id
        self._voter = f"1@{LOOPBACK}:{first.controller_port}"

    def answers(self) -> bool:
        try:
            client = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            return {1, 2} == set(client.list_topics(timeout=ANSWER_TIMEOUT_S).brokers)
        except KafkaException:
            return False

    def _settings(self) -> Iterator[str]:
        yield from super()._settings()
        # Of a property that stands twice, Java takes the last.
        yield "process.roles=broker"
        yield "node.id=2"
        yield f"controller.quorum.voters={self._voter}"
        yield f"listeners=PLAINTEXT://{LOOPBACK}:{self.port}"
