"""`gatepost dlq replay TOPIC --id EVENT_ID | --partition P --offset O | --all`: to be handled once more, with all tries
anew (docs/runbooks/dead-letters.md)."""

import sys
from collections import Counter
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

from shared.commands.dead_letter_choice import Choice, at_kafka, chosen, dlq_parser, natural, with_choice
from shared.dead_letter import DeadLetter, Refusal
from shared.dead_letter_topics import DeadLetterTopics, Standing

AT_ONCE: Final = 200
BEFORE: Final = "replayed before; --again sends it once more"


class Replay:
    """`sent`: how many. `left`: how many are not, by the reason."""

    def __init__(self, dead_letters: DeadLetterTopics, choice: Choice, limit: int | None, *, again: bool) -> None:
        self._dead_letters = dead_letters
        self._choice = choice
        self._limit = sys.maxsize if limit is None else limit
        self._again = again
        self.sent = 0
        self.left: Counter[str] = Counter()

    async def __call__(self, origin: str) -> "Replay":
        """What dies again meanwhile is not in `standing`: nothing goes round."""
        standing = await self._dead_letters.standing([origin])
        before = set() if self._again else await self._replayed(standing)
        batch: list[DeadLetter] = []
        async with aclosing(self._dead_letters.read(standing)) as letters:
            async for letter in letters:
                if self.sent + len(batch) >= self._limit:
                    break
                if self._is_due(letter, before):
                    batch.append(letter)
                if len(batch) == AT_ONCE:
                    await self._send(batch)
        await self._send(batch)
        return self

    async def _replayed(self, standing: Standing) -> set[tuple[int, int]]:
        """Partitions and offsets. A reading of its own: marks stand behind what they mark."""
        letters = self._dead_letters.read(standing)
        return {(each.partition, each.marks) async for each in letters if each.marks is not None}

    def _is_due(self, letter: DeadLetter, before: set[tuple[int, int]]) -> bool:
        if letter.marks is not None or not self._choice.takes(letter):
            return False
        done = (letter.partition, letter.offset) in before
        why_not = BEFORE if done else letter.refusal(datetime.now(UTC))
        if why_not is not None:
            self.left[why_not] += 1
        return why_not is None

    async def _send(self, batch: list[DeadLetter]) -> None:
        await self._dead_letters.replay(batch)
        self.sent += len(batch)
        batch.clear()


def replay(arguments: list[str]) -> None:
    """Ends the process with 1 when something that was asked for cannot be replayed."""
    parser = with_choice(dlq_parser("replay", "Dead letters back to where they are handled, each once."))
    parser.add_argument("--all", action="store_true", help="all that can be replayed and were not yet")
    parser.add_argument("--limit", type=natural, metavar="N", help="no more than N")
    parser.add_argument("--again", action="store_true", help="those as well that were replayed before")
    given = parser.parse_args(arguments)
    choice = chosen(parser, given)
    if given.all == choice.by_name:
        parser.error("either --all, or --id, or --partition with --offset")
    done = at_kafka(lambda dead_letters: Replay(dead_letters, choice, given.limit, again=given.again)(given.topic))
    for why_not, count in done.left.items():
        print(f"{count} not replayed: {why_not}")  # noqa: T201 - a command's answer
    print(f"{done.sent} replayed")  # noqa: T201
    if choice.by_name and not (done.sent or done.left):
        parser.exit(1, "no such dead letter\n")
    raise SystemExit(1 if any(done.left[refusal] for refusal in Refusal) else 0)
