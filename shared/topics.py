"""The topics, and the command that creates them: `python -m shared.topics --bootstrap HOST:PORT`.

Topics are made by this command with their retention and compaction, never by auto-creation, which would give
them the broker's defaults (DESIGN §3).
"""

import argparse
import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.events import EmailOutcome, LoginChallenged, PasscodeIssued, RegionPolicyChanged

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

RETRY_SUFFIX: Final = ".retry.v1"
DEAD_LETTER_SUFFIX: Final = ".dlq.v1"


@dataclass(frozen=True, slots=True)
class Topic:
    """`partitions` bounds the parallelism of one consumer group; `config` is Kafka's own."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def retry_of(topic: str) -> str:
    return topic + RETRY_SUFFIX


def dead_letters_of(topic: str) -> str:
    return topic + DEAD_LETTER_SUFFIX


def topics(partitions: int = 12) -> Iterator[Topic]:
    """Every topic. `partitions` is for those keyed by account; 12 divides evenly among 1, 2, 3, 4, 6 consumers."""
    # Compacted within seconds, not at the default's leisure: a new instance reads all of it before it is ready.
    compacted = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1", "segment.ms": str(HOUR_MS)}
    yield Topic(RegionPolicyChanged.topic, 1, compacted)
    yield from _with_redelivery(LoginChallenged.topic, partitions, HOUR_MS)
    yield from _with_redelivery(PasscodeIssued.topic, partitions, HOUR_MS)
    yield from _with_redelivery(EmailOutcome.topic, partitions, 7 * DAY_MS)


def _with_redelivery(topic: str, partitions: int, retention_ms: int) -> Iterator[Topic]:
    yield Topic(topic, partitions, {"retention.ms": str(retention_ms)})
    yield Topic(retry_of(topic), partitions, {"retention.ms": str(HOUR_MS)})
    yield Topic(dead_letters_of(topic), partitions, {"retention.ms": str(7 * DAY_MS)})


async def create_topics(bootstrap: str, partitions: int, replication: int) -> list[str]:
    """Create what is missing; the names of what was created.

    Raises:
        aiokafka.errors.KafkaError: the cluster refused one for another reason than that it exists.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        wanted = [
            NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(topic.config))
            for topic in topics(partitions)
        ]
        answer = await admin.create_topics(wanted)
    finally:
        await admin.close()
    created = []
    for name, code, *detail in answer.topic_errors:
        error = for_code(code)
        if code == 0:
            created.append(name)
        elif error is not TopicAlreadyExistsError:
            raise error(f"{name}: {detail}")
    return created


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shared.topics", description="create Gatepost's topics")
    parser.add_argument("--bootstrap", required=True, metavar="HOST:PORT")
    parser.add_argument("--partitions", type=int, default=12, help="of the topics keyed by account")
    parser.add_argument("--replication", type=int, default=1, help="3 in production")
    chosen = parser.parse_args()
    created = asyncio.run(create_topics(chosen.bootstrap, chosen.partitions, chosen.replication))
    print("\n".join(created) if created else "every topic was there already")  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
