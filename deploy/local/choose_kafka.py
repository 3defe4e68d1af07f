"""From the word on the command line to a Kafka."""

from pathlib import Path

from deploy.local.apache_kafka import ApacheKafka
from deploy.local.embedded_kafka import EmbeddedKafka
from deploy.local.external_kafka import ExternalKafka
from deploy.local.kafka_jars import check_available

AnyKafka = EmbeddedKafka | ApacheKafka | ExternalKafka


def choose_kafka(choice: str, directory: Path, ports: dict[str, int], log_dir: Path) -> AnyKafka:
    """`embedded`, `apache`, or HOST:PORT of one that runs already. Raises ValueError for anything else, and
    ApacheKafkaUnavailable."""
    if choice == "embedded":
        return EmbeddedKafka(log_dir)
    if choice == "apache":
        check_available()
        return ApacheKafka(directory / "kafka", ports["kafka"], log_dir, ports["kafka-controller"])
    return ExternalKafka(choice)
