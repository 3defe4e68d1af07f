"""What protects a provider from us and us from it, and what of it a mail gets to feel."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest

from services.notifier.adapters.call_window import CallWindow
from services.notifier.adapters.circuit import Circuit
from services.notifier.adapters.guarded_provider import LONGEST_TURN_S, GuardedProvider, Guards
from services.notifier.domain.adaptive_limit import AdaptiveLimit
from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown
from shared.unavailable import DependencyUnavailable
from tests.wait_until import wait_until

WITHIN_S = 3.0
MAIL = OutgoingMail(uuid4(), "kim@customer.example", Content("S", "text", "html"))
DOWN = [Unknown("no-answer"), Refused("http-503"), Refused("http-401"), Refused("unreachable")]
NOT_DOWN = [
    Accepted(),
    Refused("http-400", permanent=True),
    Refused("smtp-550", permanent=True, undeliverable=True),
    Refused("http-429", retry_after=timedelta(seconds=1)),
    Refused("smtp-450", about_mail=True),
]


@dataclass
class FakeBucket:
    """`waits`: what the next askers are told; then all may go. `down` as Redis is."""

    waits: list[timedelta] = field(default_factory=list)
    down: bool = False
    pauses: list[timedelta] = field(default_factory=list)
    hurried: list[bool] = field(default_factory=list)

    async def take(self, *, hurried: bool = True) -> timedelta:
        if self.down:
            raise DependencyUnavailable("redis")
        self.hurried.append(hurried)
        return self.waits.pop(0) if self.waits else timedelta(0)

    async def pause(self, span: timedelta) -> None:
        if self.down:
            raise DependencyUnavailable("redis")
        self.pauses.append(span)


@dataclass
class FakeProvider:
    answer: ProviderAnswer
    name: str = "sendgrid"
    calls: int = 0
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.goes_on.set()

    async def __aenter__(self) -> object:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def send(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer:
        self.calls += 1
        await self.goes_on.wait()
        return self.answer

    async def healthy(self) -> bool:
        return True


def guarded(provider: FakeProvider, bucket: FakeBucket | None = None, at_once: int = 64) -> GuardedProvider:
    window = CallWindow("sendgrid", AdaptiveLimit(at_once, least=1))
    return GuardedProvider(provider, Guards(bucket or FakeBucket(), window, Circuit("sendgrid", open_s=60)))


@pytest.mark.parametrize("answer", [*DOWN, *NOT_DOWN], ids=str)
async def test_the_answer_of_the_provider_is_the_answer(answer: ProviderAnswer) -> None:
    assert await guarded(FakeProvider(answer)).send(MAIL, WITHIN_S) == answer


@pytest.mark.parametrize("answer", [*DOWN, *NOT_DOWN], ids=str)
async def test_who_observes_a_provider_hears_each_of_its_answers(answer: ProviderAnswer) -> None:
    heard: list[tuple[str, ProviderAnswer]] = []
    guards = Guards(FakeBucket(), CallWindow("sendgrid", AdaptiveLimit(8, least=1)), Circuit("sendgrid", open_s=60))
    asked = GuardedProvider(FakeProvider(answer), guards, lambda *said: heard.append(said))
    await asked.send(MAIL, WITHIN_S)
    assert heard == [("sendgrid", answer)]


@pytest.mark.parametrize("answer", DOWN, ids=str)
async def test_a_provider_that_is_down_is_soon_left_alone(answer: ProviderAnswer) -> None:
    provider = FakeProvider(answer)
    asked = guarded(provider)
    for _ in range(5):
        await asked.send(MAIL, WITHIN_S)
    assert not await asked.healthy()
    refused = await asked.send(MAIL, WITHIN_S)
    assert isinstance(refused, Refused)
    assert refused.reason == "circuit-open"
    assert provider.calls == 5


@pytest.mark.parametrize("answer", NOT_DOWN, ids=str)
async def test_an_answer_about_a_mail_or_the_pace_does_not_close_a_provider(answer: ProviderAnswer) -> None:
    provider = FakeProvider(answer)
    asked = guarded(provider)
    for _ in range(20):
        await asked.send(MAIL, WITHIN_S)
    assert provider.calls == 20
    assert await asked.healthy()


@pytest.mark.parametrize(
    "answer", [Accepted(pause=timedelta(seconds=7)), Refused("http-429", retry_after=timedelta(seconds=7))], ids=str
)
async def test_a_wish_for_patience_is_told_to_all_instances(answer: ProviderAnswer) -> None:
    bucket = FakeBucket()
    await guarded(FakeProvider(answer), bucket).send(MAIL, WITHIN_S)
    assert bucket.pauses == [timedelta(seconds=7)]


async def test_whatever_a_library_raises_leaves_the_mail_unknown() -> None:
    class Breaks(FakeProvider):
        async def send(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer:
            raise OverflowError

    assert await guarded(Breaks(Accepted())).send(MAIL, WITHIN_S) == Unknown("error")


async def test_without_redis_nothing_is_sent() -> None:
    provider = FakeProvider(Accepted())
    assert await guarded(provider, FakeBucket(down=True)).send(MAIL, WITHIN_S) == Refused("redis")
    assert provider.calls == 0


async def test_a_short_wait_for_its_turn_is_waited() -> None:
    bucket = FakeBucket([timedelta(milliseconds=5)] * 3)
    assert await guarded(FakeProvider(Accepted()), bucket).send(MAIL, WITHIN_S) == Accepted()
    assert len(bucket.hurried) == 4


async def test_a_long_one_is_left_to_another_provider_or_another_time() -> None:
    provider, wait = FakeProvider(Accepted()), timedelta(seconds=LONGEST_TURN_S + 8)
    answer = await guarded(provider, FakeBucket([wait])).send(MAIL, WITHIN_S)
    assert answer == Refused("rate-limited", retry_after=wait)
    assert provider.calls == 0


async def test_who_finds_no_room_is_left_to_another_provider_or_another_time() -> None:
    provider = FakeProvider(Accepted())
    provider.goes_on.clear()
    asked = guarded(provider, at_once=1)
    first = asyncio.create_task(asked.send(MAIL, WITHIN_S))
    await wait_until(lambda: provider.calls == 1)
    answer = await asked.send(MAIL, WITHIN_S)
    assert isinstance(answer, Refused)
    assert answer.reason == "busy"
    provider.goes_on.set()
    assert await first == Accepted()
    assert provider.calls == 1
