"""The same cases for the claims in memory, which other tests rely on, and for those in a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest

from services.notifier.adapters.redis_claims import RedisClaims
from services.notifier.domain.claim import AlreadySent, Claim, Claimed, Exhausted, Held, SendTerms, TooLate
from services.notifier.use_cases.send_mail import Claims
from shared.redis import redis_client
from shared.unavailable import DependencyUnavailable
from tests.unit.notifier.fakes import FakeClaims
from tests.wait_until import wait_until

TERMS: Final = SendTerms()
SHORT: Final = replace(TERMS, lease=timedelta(milliseconds=60))


def now() -> datetime:
    return datetime.now(UTC)


class Stores:
    """Makes claims with the terms that a case needs, all over the same messages."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis = redis_client(redis_url) if redis_url else None
        self._fake: FakeClaims | None = None

    def __call__(self, terms: SendTerms = TERMS) -> Claims:
        if self._redis is not None:
            return RedisClaims(self._redis, terms)
        fake = FakeClaims(terms, now)
        if self._fake is not None:
            fake.share(self._fake)
        self._fake = self._fake or fake
        return fake

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()


@pytest.fixture(params=["fake", "valkey"])
async def stores(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Stores]:
    made = Stores(redis_url if request.param == "valkey" else None)
    yield made
    await made.close()


@pytest.fixture
def message_id() -> UUID:
    return uuid4()


@pytest.fixture
def expires_at() -> datetime:
    return now() + timedelta(minutes=10)


async def take_over(claims: Claims, message_id: UUID, expires_at: datetime) -> Claim:
    """The first answer that is not `Held`."""
    seen: list[Claim] = []

    async def lease_is_over() -> bool:
        seen.append(await claims.claim(message_id, expires_at))
        return not isinstance(seen[-1], Held)

    await wait_until(lease_is_over)
    return seen[-1]


async def test_the_first_claim_wins(stores: Stores, message_id: UUID, expires_at: datetime) -> None:
    assert await stores().claim(message_id, expires_at) == Claimed(1)


async def test_a_hundred_claims_at_once_have_one_winner(stores: Stores, message_id: UUID, expires_at: datetime) -> None:
    claims = stores()
    answers = await asyncio.gather(*(claims.claim(message_id, expires_at) for _ in range(100)))
    assert answers.count(Claimed(1)) == 1
    assert sum(isinstance(answer, Held) for answer in answers) == 99


async def test_a_second_claim_is_told_how_long_the_first_may_last(
    stores: Stores, message_id: UUID, expires_at: datetime
) -> None:
    claims = stores()
    await claims.claim(message_id, expires_at)
    held = await claims.claim(message_id, expires_at)
    assert isinstance(held, Held)
    assert timedelta(seconds=10) < held.remaining <= TERMS.lease


async def test_messages_do_not_touch_each_other(stores: Stores, expires_at: datetime) -> None:
    claims = stores()
    assert [await claims.claim(uuid4(), expires_at) for _ in range(3)] == [Claimed(1)] * 3


async def test_an_accepted_message_stays_sent(stores: Stores, message_id: UUID, expires_at: datetime) -> None:
    claims = stores()
    await claims.claim(message_id, expires_at)
    sent = await claims.accepted(message_id, 1, "sendgrid", expires_at)
    assert (sent.provider, sent.attempt) == ("sendgrid", 1)
    assert abs(sent.at - now()) < timedelta(seconds=5)
    assert await claims.claim(message_id, expires_at) == sent
    assert await claims.claim(message_id, expires_at) == sent


async def test_a_refusal_frees_the_message_at_once_and_does_not_count(
    stores: Stores, message_id: UUID, expires_at: datetime
) -> None:
    claims = stores()
    for attempt in range(1, 6):
        assert await claims.claim(message_id, expires_at) == Claimed(attempt)
        await claims.refused(message_id, attempt)


async def test_the_first_doubt_allows_another_send_and_the_second_does_not(
    stores: Stores, message_id: UUID, expires_at: datetime
) -> None:
    claims = stores()
    await claims.claim(message_id, expires_at)
    assert (await claims.doubted(message_id, 1)).another
    assert await claims.claim(message_id, expires_at) == Claimed(2)
    doubt = await claims.doubted(message_id, 2)
    assert not doubt.another
    assert await claims.claim(message_id, expires_at) == Exhausted(2, doubt.at)


async def test_a_dead_holder_is_replaced_after_its_lease_and_counts_as_a_send(
    stores: Stores, message_id: UUID, expires_at: datetime
) -> None:
    claims = stores(SHORT)
    assert await claims.claim(message_id, expires_at) == Claimed(1)
    assert await take_over(claims, message_id, expires_at) == Claimed(2)
    exhausted = await take_over(claims, message_id, expires_at)
    assert isinstance(exhausted, Exhausted)
    assert exhausted.attempt == 2


async def test_a_late_acceptance_counts_although_another_holds_the_message(
    stores: Stores, message_id: UUID, expires_at: datetime
) -> None:
    claims = stores(SHORT)
    await claims.claim(message_id, expires_at)
    assert await take_over(claims, message_id, expires_at) == Claimed(2)
    first = await claims.accepted(message_id, 1, "sendgrid", expires_at)
    assert await claims.accepted(message_id, 2, "sendgrid", expires_at) == first
    await claims.refused(message_id, 2)
    assert await claims.claim(message_id, expires_at) == first


async def test_a_late_refusal_or_doubt_does_not_free_what_another_holds(
    stores: Stores, message_id: UUID, expires_at: datetime
) -> None:
    await stores(SHORT).claim(message_id, expires_at)
    claims = stores()
    assert await take_over(claims, message_id, expires_at) == Claimed(2)
    await claims.refused(message_id, 1)
    await claims.doubted(message_id, 1)
    assert isinstance(await claims.claim(message_id, expires_at), Held)


async def test_a_doubt_after_an_acceptance_changes_nothing(
    stores: Stores, message_id: UUID, expires_at: datetime
) -> None:
    claims = stores()
    await claims.claim(message_id, expires_at)
    await claims.accepted(message_id, 1, "sendgrid", expires_at)
    assert not (await claims.doubted(message_id, 1)).another
    assert isinstance(await claims.claim(message_id, expires_at), AlreadySent)


@pytest.mark.parametrize("life", [timedelta(seconds=119), timedelta(0), timedelta(days=-1)])
async def test_too_little_life_is_too_late(stores: Stores, message_id: UUID, life: timedelta) -> None:
    late = await stores().claim(message_id, now() + life)
    assert isinstance(late, TooLate)
    assert late.attempt == 1


async def test_too_late_after_a_refusal_is_still_never_sent(stores: Stores, message_id: UUID) -> None:
    claims = stores()
    await claims.claim(message_id, now() + timedelta(minutes=10))
    await claims.refused(message_id, 1)
    assert isinstance(await claims.claim(message_id, now() + timedelta(seconds=60)), TooLate)


async def test_too_late_after_a_doubt_is_exhausted(stores: Stores, message_id: UUID) -> None:
    claims = stores()
    await claims.claim(message_id, now() + timedelta(minutes=10))
    doubt = await claims.doubted(message_id, 1)
    assert await claims.claim(message_id, now() + timedelta(seconds=60)) == Exhausted(1, doubt.at)


async def test_an_acceptance_is_remembered_even_if_the_claim_is_gone(
    stores: Stores, message_id: UUID, expires_at: datetime
) -> None:
    claims = stores()
    sent = await claims.accepted(message_id, 1, "sendgrid", expires_at)
    assert await claims.claim(message_id, expires_at) == sent


async def test_in_valkey_a_message_is_one_key_that_ends_after_its_code(
    redis_url: str, message_id: UUID, expires_at: datetime
) -> None:
    redis = redis_client(redis_url)
    claims = RedisClaims(redis, TERMS)
    await claims.claim(message_id, expires_at)
    ends_ms = (expires_at + TERMS.kept).timestamp() * 1000
    assert await redis.keys() == [f"notifier:{{{message_id}}}:send".encode()]
    assert abs(await redis.pexpiretime(f"notifier:{{{message_id}}}:send") - ends_ms) < 2
    await claims.accepted(message_id, 1, "sendgrid", expires_at)
    assert abs(await redis.pexpiretime(f"notifier:{{{message_id}}}:send") - ends_ms) < 2
    await redis.aclose()


async def test_in_valkey_a_flushed_script_cache_is_refilled(
    redis_url: str, message_id: UUID, expires_at: datetime
) -> None:
    redis = redis_client(redis_url)
    claims = RedisClaims(redis, TERMS)
    await claims.claim(message_id, expires_at)
    await redis.script_flush()
    assert isinstance(await claims.claim(message_id, expires_at), Held)
    await redis.aclose()


async def test_without_a_server_every_verb_says_so(message_id: UUID, expires_at: datetime) -> None:
    redis = redis_client("redis://127.0.0.1:1/0")
    claims = RedisClaims(redis, TERMS)
    for verb in (
        claims.claim(message_id, expires_at),
        claims.accepted(message_id, 1, "sendgrid", expires_at),
        claims.refused(message_id, 1),
        claims.doubted(message_id, 1),
    ):
        with pytest.raises(DependencyUnavailable):
            await verb
    await redis.aclose()
