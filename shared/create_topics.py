"""The command that creates the topics: `python -m shared.create_topics --bootstrap HOST:PORT`.

Topics are made here with their retention and compaction, never by auto-creation, which would give them the
broker's defaults. Running it again changes nothing.
"""

import argparse
import asyncio

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.topics import topics


async def create_topics(bootstrap: str, partitions: int, replication: int) -> list[str]:
    """Create what is missing; the names of what was created.

    Raises:
        aiokafka.errors.KafkaError: the cluster refused one for another reason than that it exists.
    """
    # With fewer, `acks=all` could mean one replica, and its death would lose what was accepted.
    durable = {"min.insync.replicas": "2"} if replication >= 3 else {}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        wanted = [
            NewTopic(topic.name, topic.partitions, replication, topic_configs={**topic.config, **durable})
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
    parser = argparse.ArgumentParser(prog="python -m shared.create_topics", description="create Gatepost's topics")
    parser.add_argument("--bootstrap", required=True, metavar="HOST:PORT")
    parser.add_argument("--partitions", type=int, default=12, help="of the topics keyed by account")
    parser.add_argument("--replication", type=int, default=1, help="3 in production")
    chosen = parser.parse_args()
    created = asyncio.run(create_topics(chosen.bootstrap, chosen.partitions, chosen.replication))
    print("\n".join(created) if created else "every topic was there already")  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
