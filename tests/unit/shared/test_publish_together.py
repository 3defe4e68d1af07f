"""Events that are published at the same moment, and what each publisher hears of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from shared.events import Event
from shared.publish_together import PublishTogether
from shared.publisher import EventPublisher
from shared.unavailable import DependencyUnavailable
from tests.unit.shared.samples import email_outcome


@dataclass
class Publisher:
    """Takes all but those whose place is in `refuses`."""

    refuses: frozenset[int] = frozenset()
    batches: list[list[Event]] = field(default_factory=list)

    async def publish_all(self, events: Sequence[tuple[Event, Mapping[str, str]]]) -> list[bool]:
        self.batches.append([event for event, _ in events])
        return [place not in self.refuses for place in range(len(events))]


def together(publisher: Publisher) -> PublishTogether:
    return PublishTogether(cast("EventPublisher", publisher))


EVENTS = [email_outcome(attempt=number) for number in range(1, 6)]


async def test_a_crowd_hands_over_its_events_together_and_each_once() -> None:
    publisher = Publisher()
    await asyncio.gather(*map(together(publisher), EVENTS))
    assert publisher.batches == [EVENTS]


async def test_who_has_published_hears_nothing_of_those_who_have_not() -> None:
    answers: list[Any] = await asyncio.gather(
        *map(together(Publisher(refuses=frozenset({1, 3}))), EVENTS), return_exceptions=True
    )
    assert [place for place, each in enumerate(answers) if each is not None] == [1, 3]
    assert [type(answers[place]) for place in (1, 3)] == [DependencyUnavailable] * 2
