"""What the `gatepost dlq` commands have in common: which dead letters are meant, and how a command meets Kafka."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from aiokafka.errors import KafkaError

from shared.dead_letter import DeadLetter
from shared.dead_letter_topics import DeadLetterTopics, dead_letter_topics
from shared.settings import KafkaSettings, read
from shared.topics import DEAD_LETTER_SUFFIX, topics
from shared.unavailable import DependencyUnavailable

T = TypeVar("T")

ORIGINS: Final = sorted(
    topic.name.removesuffix(DEAD_LETTER_SUFFIX) for topic in topics() if topic.name.endswith(DEAD_LETTER_SUFFIX)
)


@dataclass(frozen=True)
class Choice:
    """Which of a topic's dead letters; where nothing is said, all of them."""

    partition: int | None = None
    offset: int | None = None
    ids: frozenset[str] = frozenset()
    error_class: str | None = None

    def takes(self, letter: DeadLetter) -> bool:
        return (
            self.partition in (None, letter.partition)
            and self.offset in (None, letter.offset)
            and (not self.ids or letter.event_id in self.ids)
            and self.error_class in (None, letter.error_class)
        )

    @property
    def by_name(self) -> bool:
        return self.offset is not None or bool(self.ids)


def dlq_parser(verb: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"gatepost dlq {verb}", description=description)


def topic_name(text: str) -> str:
    """A topic or its dead-letter topic, as the former."""
    origin = text.removesuffix(DEAD_LETTER_SUFFIX)
    if origin not in ORIGINS:
        raise argparse.ArgumentTypeError(f"no topic with dead letters; there are {', '.join(ORIGINS)}")
    return origin


def with_choice(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("topic", type=topic_name, metavar="TOPIC")
    parser.add_argument("--partition", type=natural, metavar="P")
    parser.add_argument("--offset", type=natural, metavar="O", help="of the dead letter, in partition P")
    parser.add_argument("--id", action="append", metavar="EVENT_ID", help="may be given several times")
    parser.add_argument("--error-class", metavar="NAME")
    return parser


def chosen(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Choice:
    if (given.partition is None) != (given.offset is None):
        parser.error("--partition goes with --offset, and only with it")
    if given.id and given.offset is not None:
        parser.error("either --id or --partition with --offset")
    return Choice(given.partition, given.offset, frozenset(given.id or ()), given.error_class)


def natural(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("a number, 0 or more")
    return int(text)


def at_kafka(work: Callable[[DeadLetterTopics], Awaitable[T]]) -> T:
    """Ends the process with 75 (EX_TEMPFAIL) where Kafka does not answer, or refuses."""
    settings = read(KafkaSettings)

    async def connected() -> T:
        async with dead_letter_topics(settings) as dead_letters:
            return await work(dead_letters)

    try:
        return asyncio.run(connected())
    except DependencyUnavailable:
        why = f"nothing answers at GATEPOST_KAFKA={settings.kafka}, or not in time"
    except KafkaError as error:
        why = f"Kafka says {type(error).__name__}"
    except KeyboardInterrupt:
        why = "interrupted"
    print(f"Stopped: {why}.", file=sys.stderr)  # noqa: T201 - a command's answer
    raise SystemExit(os.EX_TEMPFAIL)
