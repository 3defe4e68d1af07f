"""A Kafka with nothing on it but our topics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.apache_kafka import ApacheKafka
from deploy.local.embedded_kafka import EmbeddedKafka
from deploy.local.ports import free_port
from shared.create_topics import create_topics


@asynccontextmanager
async def fresh_kafka(kind: str, directory: Path, partitions: int = 4) -> AsyncIterator[str]:
    """Its bootstrap address. `kind` is `apache` or `embedded`, `directory` is its own; the embedded one has its own
    number of partitions."""
    kafka: ApacheKafka | EmbeddedKafka
    if kind == "apache":
        kafka = ApacheKafka(directory / "data", free_port(), directory / "logs", controller_port=free_port())
    else:
        kafka = EmbeddedKafka(directory / "logs")
    kafka.start()
    try:
        if kind == "apache":
            await create_topics(kafka.bootstrap, partitions=partitions, replication=1)
        yield kafka.bootstrap
    finally:
        kafka.close()
