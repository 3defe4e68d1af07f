"""`gatepost dlq list`, `gatepost dlq show TOPIC`: what could not be handled (docs/runbooks/dead-letters.md)."""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.commands.dead_letter_choice import (
    ORIGINS,
    Choice,
    at_kafka,
    chosen,
    dlq_parser,
    natural,
    topic_name,
    with_choice,
)
from shared.dead_letter import DeadLetter, shown
from shared.dead_letter_topics import DeadLetterTopics


@dataclass
class Summary:
    """Of one topic. `letters`: all that stand there; `replayed` and `expired` are among them."""

    topic: str
    letters: int = 0
    replayed: int = 0
    expired: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    error_classes: Counter[str] = field(default_factory=Counter)

    def add(self, letter: DeadLetter, now: datetime) -> None:
        self.letters += 1
        self.expired += letter.expired(now)
        self.oldest = min(self.oldest or letter.at, letter.at)
        self.newest = max(self.newest or letter.at, letter.at)
        self.error_classes[letter.error_class] += 1

    def json(self) -> dict[str, Any]:
        times = {"oldest": self.oldest and self.oldest.isoformat(), "newest": self.newest and self.newest.isoformat()}
        return {**vars(self), **times, "error_classes": dict(self.error_classes.most_common())}


def list_topics(arguments: list[str]) -> None:
    parser = dlq_parser("list", "Every dead-letter topic: how many, since when, of what they died.")
    parser.add_argument("--topic", type=topic_name, help="this one only")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found = at_kafka(lambda dead_letters: _summaries(dead_letters, [given.topic] if given.topic else ORIGINS))
    if given.json:
        _print(json.dumps([summary.json() for summary in found], indent=2))
        return
    _print(f"{'topic':<42}{'letters':>9}{'replayed':>9}{'expired':>9}  {'oldest':<20}{'newest':<20}died of")
    for each in found:
        died_of = ", ".join(f"{count} {name}" for name, count in each.error_classes.most_common())
        counts = f"{each.letters:>9}{each.replayed:>9}{each.expired:>9}"
        _print(f"{each.topic:<42}{counts}  {_minute(each.oldest):<20}{_minute(each.newest):<20}{died_of}".rstrip())


async def _summaries(dead_letters: DeadLetterTopics, origins: list[str]) -> list[Summary]:
    summaries, now = {origin: Summary(origin) for origin in origins}, datetime.now(UTC)
    replayed: set[tuple[str, int, int]] = set()
    async for letter in dead_letters.read(await dead_letters.standing(origins)):
        if letter.marks is None:
            summaries[letter.origin].add(letter, now)
        else:
            replayed.add((letter.origin, letter.partition, letter.marks))
    for origin, _, _ in replayed:
        summaries[origin].replayed += 1
    return list(summaries.values())


def show(arguments: list[str]) -> None:
    parser = with_choice(dlq_parser("show", "The newest dead letters of a topic; what is sealed stays sealed."))
    parser.add_argument("--limit", type=natural, default=20, metavar="N", help="the newest N, default 20")
    parser.add_argument("--json", action="store_true", help="one object a line")
    given = parser.parse_args(arguments)
    choice = chosen(parser, given)
    found = at_kafka(lambda dead_letters: _letters(dead_letters, given.topic, choice, given.limit))
    for each in found:
        _print(json.dumps(each) if given.json else _lines(each))
    if not found and choice.by_name:
        parser.exit(1, "no such dead letter\n")


async def _letters(dead_letters: DeadLetterTopics, origin: str, choice: Choice, limit: int) -> list[dict[str, Any]]:
    newest: deque[DeadLetter] = deque(maxlen=limit)
    replayed: set[tuple[int, int]] = set()
    async for letter in dead_letters.read(await dead_letters.standing([origin])):
        if letter.marks is not None:
            replayed.add((letter.partition, letter.marks))
        elif choice.takes(letter):
            newest.append(letter)
    now = datetime.now(UTC)
    return [shown(each, now, replayed=(each.partition, each.offset) in replayed) for each in newest]


def _lines(letter: dict[str, Any]) -> str:
    """As JSON: what control characters a foreign field holds stays harmless on a terminal."""
    body = letter["body"].items() if isinstance(letter["body"], dict) else [("", letter["body"])]
    fields = [(name, value) for name, value in letter.items() if name not in ("partition", "offset", "body")]
    rows = [f"  {name:<16}{json.dumps(value)}" for name, value in fields if value is not None]
    return "\n".join(
        [f"partition {letter['partition']}, offset {letter['offset']}", *rows]
        + [f"    {name:<14}{json.dumps(value)}" for name, value in body]
    )


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}" if moment else "-"


def _print(text: str) -> None:
    print(text)  # noqa: T201 - a command's answer
