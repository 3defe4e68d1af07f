"""What a provider is seen to take, and when it is told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown
from services.notifier.domain.provider_pace import Minute, observed
from services.notifier.use_cases.observe_providers import SETTLED_S, ObserveProviders
from shared.events import ProviderLimitObserved
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOON = timedelta(seconds=1)
PATIENCE = Refused("http-429", retry_after=SOON)


def known(most: int, limit: int | None, at: datetime = NOON) -> ProviderLimitObserved:
    return ProviderLimitObserved(
        provider="sendgrid", most_per_minute=most, limit_per_minute=limit, set_per_minute=600, at=at
    )


@pytest.mark.parametrize(
    ("before", "minute", "after"),
    [
        (None, Minute(), None),
        (None, Minute(5), (5, None)),
        (None, Minute(5, 1), (0, 5)),
        (None, Minute(0, 1), (0, 0)),
        ((5, None), Minute(), None),
        ((5, None), Minute(4), None),
        ((5, None), Minute(6), (6, None)),
        ((5, None), Minute(4, 2), (5, 4)),
        ((5, 4), Minute(4), None),
        ((5, 4), Minute(5), (5, None)),
        ((5, 4), Minute(9, 1), (5, 9)),
        ((5, 4), Minute(4, 1), None),
    ],
)
def test_what_is_known_after_a_minute(
    before: tuple[int, int | None] | None, minute: Minute, after: tuple[int, int | None] | None
) -> None:
    ends = NOON + timedelta(minutes=1)
    found = observed(known(*before) if before else None, "sendgrid", minute, ends, 600)
    assert found == (known(*after, at=ends) if after else None)


def test_another_setting_is_told_and_an_old_minute_is_not() -> None:
    later = NOON + timedelta(minutes=1)
    found = observed(known(5, None), "sendgrid", Minute(), later, 900)
    assert found is not None
    assert (found.set_per_minute, found.most_per_minute) == (900, 5)
    assert observed(known(5, None), "sendgrid", Minute(9), NOON, 600) is None


@dataclass
class FakeMinutes:
    """Of all notifiers."""

    of: dict[tuple[str, int], Minute] = field(default_factory=dict)
    down: bool = False

    async def add(self, provider: str, minute: int, seen: Minute) -> Minute:
        if self.down:
            raise DependencyUnavailable("redis")
        key = provider, minute
        self.of[key] = self.of.get(key, Minute()).plus(seen)
        return self.of[key]


@dataclass
class Fleet:
    """Two notifiers on one Redis, which hear what either of them tells."""

    clock: Clock = field(default_factory=lambda: Clock(NOON))
    minutes: FakeMinutes = field(default_factory=FakeMinutes)
    told: list[ProviderLimitObserved] = field(default_factory=list)
    whole_topic: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.whole_topic.set()
        made: Callable[[], ObserveProviders] = lambda: ObserveProviders(  # noqa: E731
            self.minutes, {"sendgrid": 600}, self.publish, self.clock
        )
        self.first, self.second = made(), made()

    async def publish(self, event: ProviderLimitObserved) -> None:
        self.told.append(event)
        for each in (self.first, self.second):
            each.told(event)

    async def beat(self) -> None:
        for each in (self.first, self.second):
            await each.beat(self.whole_topic)

    async def after(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        await self.beat()


def say(one: ObserveProviders, *answers: ProviderAnswer) -> None:
    for answer in answers:
        one.answered("sendgrid", answer)


async def test_a_minute_of_all_notifiers_is_told_once_when_all_had_time_to_add_to_it() -> None:
    fleet = Fleet()
    say(fleet.first, *[Accepted()] * 30)
    say(fleet.second, *[Accepted()] * 12, Unknown("no-answer"), Refused("http-400", permanent=True))
    await fleet.after(10)
    await fleet.after(50 + SETTLED_S - 1)
    assert fleet.told == []
    await fleet.after(1)
    assert fleet.told == [known(42, None, at=NOON + timedelta(minutes=1))]
    await fleet.after(60)
    assert len(fleet.told) == 1


@pytest.mark.parametrize("patience", [PATIENCE, Accepted(pause=SOON)])
async def test_who_asks_for_patience_has_shown_a_limit(patience: ProviderAnswer) -> None:
    fleet = Fleet()
    say(fleet.first, *[Accepted()] * 30, patience)
    await fleet.after(60 + SETTLED_S)
    taken = 31 if isinstance(patience, Accepted) else 30
    assert [event.limit_per_minute for event in fleet.told] == [taken]


async def test_our_own_circuit_breaker_shows_nothing_of_the_provider() -> None:
    fleet = Fleet()
    say(fleet.first, Refused("circuit-open", retry_after=SOON))
    await fleet.after(60 + SETTLED_S)
    assert fleet.told == []


async def test_what_redis_could_not_take_is_added_later() -> None:
    fleet = Fleet()
    say(fleet.first, *[Accepted()] * 3)
    fleet.minutes.down = True
    with pytest.raises(DependencyUnavailable):
        await fleet.after(1)
    say(fleet.first, *[Accepted()] * 2)
    fleet.minutes.down = False
    await fleet.after(60 + SETTLED_S)
    assert [event.most_per_minute for event in fleet.told] == [5]


async def test_nothing_is_told_before_it_is_known_what_was() -> None:
    fleet = Fleet()
    fleet.whole_topic.clear()
    say(fleet.first, Accepted())
    await fleet.after(60 + SETTLED_S)
    assert fleet.told == []
