"""What a service asks about Kafka before it calls itself ready."""

import asyncio
import random
from contextlib import suppress
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker

ASKED: Final = 3
ANSWER_S: Final = 1.0


def topics_exist(broker: KafkaBroker) -> bool:
    """All that the broker's subscribers read."""
    subscribers: list[Any] = list(broker.subscribers)
    return all(
        each.consumer is not None and each.consumer.partitions_for_topic(topic)
        for each in subscribers
        for topic in each.topic_names
    )


async def cluster_answers(broker: KafkaBroker) -> bool:
    """Whether one of three brokers does. FastStream's `ping` asks one, and that one may hang: of three services one
    would be unready, though Kafka can do without it."""
    try:
        client: Any = broker.config.broker_config.admin_client._client
    except IncorrectState:
        return False
    nodes = [each.nodeId for each in client.cluster.brokers()]
    asking = [asyncio.create_task(_answers(client, node)) for node in random.sample(nodes, min(ASKED, len(nodes)))]
    try:
        for answer in asyncio.as_completed(asking, timeout=ANSWER_S):
            if await answer:
                return True
    except TimeoutError:
        return False
    finally:
        for each in asking:
            each.cancel()
    return False


async def _answers(client: Any, node: int) -> bool:
    with suppress(KafkaError):
        await client.send(node, MetadataRequest([]))
        return True
    return False
