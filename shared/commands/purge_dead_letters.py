"""`gatepost dlq purge TOPIC --all | --expired-only | --partition P --before-offset O`: deleted for good
(docs/runbooks/dead-letters.md)."""

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from aiokafka import TopicPartition
from aiokafka.errors import IncompatibleBrokerVersion

from shared.commands.dead_letter_choice import at_kafka, dlq_parser, natural, topic_name
from shared.dead_letter_topics import DeadLetterTopics
from shared.topics import dead_letters_of

Ends = Mapping[TopicPartition, int]
"""The offset before which everything goes, by partition: Kafka deletes from the front only."""


def purge(arguments: list[str]) -> None:
    """Ends the process with 1 when it is not confirmed."""
    parser = dlq_parser("purge", "Delete dead letters, the oldest first: Kafka deletes from the front only.")
    parser.add_argument("topic", type=topic_name, metavar="TOPIC")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="all that are there now")
    which.add_argument("--expired-only", action="store_true", help="up to the first that has not expired")
    which.add_argument("--before-offset", type=natural, metavar="O", help="those before O, in partition P")
    parser.add_argument("--partition", type=natural, metavar="P")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.parse_args(arguments)
    if (given.partition is None) != (given.before_offset is None):
        parser.error("--partition goes with --before-offset, and only with it")
    ends, count, kept = at_kafka(partial(_ends, given=given))
    if count and not (given.yes or _confirmed(f"Delete {count} dead letters of {given.topic} for good?")):
        parser.exit(1, "nothing was deleted\n")
    at_kafka(partial(_delete, ends=ends))
    print(f"{count} deleted, {kept} kept")  # noqa: T201 - a command's answer


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        print("nobody is here to confirm it: --yes", file=sys.stderr)  # noqa: T201
        return False
    return input(f"{question} [y/N] ").strip().lower() == "y"


async def _ends(dead_letters: DeadLetterTopics, given: argparse.Namespace) -> tuple[Ends, int, int]:
    """And how many dead letters are before them, and how many are not."""
    standing, now = await dead_letters.standing([given.topic]), datetime.now(UTC)
    ends = {place: _end(place, offsets, given) for place, offsets in standing.items()}
    gone = kept = 0
    async for letter in dead_letters.read(standing):
        place = TopicPartition(dead_letters_of(letter.origin), letter.partition)
        if letter.marks is not None:
            continue
        if given.expired_only and not letter.expired(now):
            ends[place] = min(ends[place], letter.offset)
        gone, kept = (gone + 1, kept) if letter.offset < ends[place] else (gone, kept + 1)
    return {place: end for place, end in ends.items() if end > standing[place].start}, gone, kept


def _end(place: TopicPartition, offsets: range, given: argparse.Namespace) -> int:
    if given.before_offset is None:
        return offsets.stop
    return min(given.before_offset, offsets.stop) if place.partition == given.partition else offsets.start


async def _delete(dead_letters: DeadLetterTopics, ends: Ends) -> None:
    try:
        await dead_letters.delete(ends)
    except IncompatibleBrokerVersion:  # librdkafka's has no admin API
        print("This broker cannot delete: the embedded one forgets when it stops.", file=sys.stderr)  # noqa: T201
        raise SystemExit(os.EX_UNAVAILABLE) from None
