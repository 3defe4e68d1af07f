"""The same cases for the claims in memory, which other tests rely on, and for those in a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from services.notifier.adapters.redis_claims import RedisClaims
from services.notifier.domain.claim import AlreadySent, Claim, Claimed, Closed, Exhausted, Held, SendTerms, TooLate
from services.notifier.domain.fate import NO_PROVIDER
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.provider_answer import Unknown
from services.notifier.use_cases.deliver_mail import Delivery
from services.notifier.use_cases.mail_ledger import ClaimedSends, Claims
from shared.redis import redis_client
from shared.unavailable import DependencyUnavailable
from tests.unit.notifier.fakes import FakeClaims, passcode_issued
from tests.wait_until import wait_until

TERMS: Final = SendTerms()
DOUBT: Final = Delivery("sendgrid", Unknown("no-answer"))
SHORT: Final = replace(TERMS, lease=timedelta(milliseconds=60))


def now() -> datetime:
    return datetime.now(UTC)


class Stores:
    """Makes claims with the terms that a case needs, all over the same messages."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis = redis_client(redis_url) if redis_url else None
        self._fake: FakeClaims | None = None

    def __call__(self, terms: SendTerms = TERMS) -> RedisClaims | FakeClaims:
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


def passcode() -> MailDue:
    return MailDue.passcode(passcode_issued(expires_at=now() + timedelta(minutes=10)))


@pytest.fixture
def due() -> MailDue:
    return passcode()


async def take_over(claims: Claims, due: MailDue) -> Claim:
    """The first answer that is not `Held`."""
    seen: list[Claim] = []

    async def lease_is_over() -> bool:
        seen.append(await claims.claim(due))
        return not isinstance(seen[-1], Held)

    await wait_until(lease_is_over)
    return seen[-1]


async def test_the_first_claim_wins(stores: Stores, due: MailDue) -> None:
    assert await stores().claim(due) == Claimed(1)


async def test_a_hundred_claims_at_once_have_one_winner(stores: Stores, due: MailDue) -> None:
    claims = stores()
    answers = await asyncio.gather(*(claims.claim(due) for _ in range(100)))
    assert answers.count(Claimed(1)) == 1
    assert sum(isinstance(answer, Held) for answer in answers) == 99


async def test_a_second_claim_is_told_how_long_the_first_may_last(stores: Stores, due: MailDue) -> None:
    claims = stores()
    await claims.claim(due)
    held = await claims.claim(due)
    assert isinstance(held, Held)
    assert timedelta(seconds=10) < held.remaining <= TERMS.lease


async def test_messages_do_not_touch_each_other(stores: Stores) -> None:
    claims = stores()
    assert [await claims.claim(passcode()) for _ in range(3)] == [Claimed(1)] * 3


async def test_an_accepted_message_stays_sent(stores: Stores, due: MailDue) -> None:
    claims = stores()
    await claims.claim(due)
    sent = await claims.accepted(due, 1, "sendgrid")
    assert (sent.provider, sent.attempt) == ("sendgrid", 1)
    assert abs(sent.at - now()) < timedelta(seconds=5)
    assert await claims.claim(due) == sent
    assert await claims.claim(due) == sent


async def test_a_refusal_frees_the_message_at_once_and_does_not_count(stores: Stores, due: MailDue) -> None:
    claims = stores()
    for attempt in range(1, 6):
        assert await claims.claim(due) == Claimed(attempt)
        await claims.refused(due, attempt)


async def test_what_is_withheld_is_free_at_once_does_not_count_and_is_of_the_first_time(
    stores: Stores, due: MailDue
) -> None:
    claims = stores()
    assert await claims.claim(due) == Claimed(1)
    first = await claims.withheld(due, 1)
    assert first.attempt == 1
    assert abs(first.at - now()) < timedelta(seconds=5)
    for attempt in range(2, 5):
        assert await claims.claim(due) == Claimed(attempt)
        await wait_until(lambda: now() - first.at > timedelta(milliseconds=2))
        assert await claims.withheld(due, attempt) == first
    assert await claims.claim(due) == Claimed(5)


async def test_withholding_late_does_not_free_what_another_holds(stores: Stores, due: MailDue) -> None:
    await stores(SHORT).claim(due)
    claims = stores()
    assert await take_over(claims, due) == Claimed(2, NO_PROVIDER)
    assert (await claims.withheld(due, 1)).attempt == 1
    assert isinstance(await claims.claim(due), Held)


async def test_the_first_doubt_allows_another_send_and_the_second_does_not(stores: Stores, due: MailDue) -> None:
    claims = stores()
    await claims.claim(due)
    assert (await claims.doubted(due, 1, DOUBT)).another
    assert await claims.claim(due) == Claimed(2, "sendgrid")
    doubt = await claims.doubted(due, 2, DOUBT)
    assert not doubt.another
    assert await claims.claim(due) == Exhausted(2, doubt.at, "sendgrid")


async def test_a_dead_holder_is_replaced_after_its_lease_and_counts_as_a_send(stores: Stores, due: MailDue) -> None:
    claims = stores(SHORT)
    assert await claims.claim(due) == Claimed(1)
    assert await take_over(claims, due) == Claimed(2, NO_PROVIDER)
    exhausted = await take_over(claims, due)
    assert isinstance(exhausted, Exhausted)
    assert exhausted.attempt == 2


async def test_a_send_that_was_cut_frees_the_message_at_once_and_counts(stores: Stores, due: MailDue) -> None:
    claims = stores()
    for attempt, before in ((1, None), (2, "sendgrid")):
        assert await claims.claim(due) == Claimed(attempt, before)
        await ClaimedSends(claims, due, attempt).cut("sendgrid")
    exhausted = await claims.claim(due)
    assert isinstance(exhausted, Exhausted)
    assert (exhausted.attempt, exhausted.provider) == (2, "sendgrid")


async def test_a_second_send_under_a_claim_that_was_cut_is_the_last(stores: Stores, due: MailDue) -> None:
    claims = stores()
    await claims.claim(due)
    sends = ClaimedSends(claims, due, 1)
    assert await sends.another("sendgrid")
    await sends.cut("smtp")
    assert isinstance(await claims.claim(due), Exhausted)


async def test_after_a_refusal_the_doubt_about_a_dead_holder_stays(stores: Stores, due: MailDue) -> None:
    await stores(SHORT).claim(due)
    claims = stores()
    assert await take_over(claims, due) == Claimed(2, NO_PROVIDER)
    await claims.refused(due, 2)
    assert await claims.claim(due) == Claimed(3, NO_PROVIDER)


async def test_a_late_acceptance_counts_although_another_holds_the_message(stores: Stores, due: MailDue) -> None:
    claims = stores(SHORT)
    await claims.claim(due)
    assert await take_over(claims, due) == Claimed(2, NO_PROVIDER)
    first = await claims.accepted(due, 1, "sendgrid")
    assert await claims.accepted(due, 2, "sendgrid") == first
    await claims.refused(due, 2)
    assert await claims.claim(due) == first


async def test_a_late_refusal_or_doubt_does_not_free_what_another_holds(stores: Stores, due: MailDue) -> None:
    await stores(SHORT).claim(due)
    claims = stores()
    assert await take_over(claims, due) == Claimed(2, NO_PROVIDER)
    await claims.refused(due, 1)
    await claims.doubted(due, 1, DOUBT)
    assert isinstance(await claims.claim(due), Held)


async def test_a_doubt_after_an_acceptance_changes_nothing(stores: Stores, due: MailDue) -> None:
    claims = stores()
    await claims.claim(due)
    await claims.accepted(due, 1, "sendgrid")
    assert not (await claims.doubted(due, 1, DOUBT)).another
    assert isinstance(await claims.claim(due), AlreadySent)


@pytest.mark.parametrize("life", [timedelta(seconds=119), timedelta(0), timedelta(days=-1)])
async def test_too_little_life_is_too_late(stores: Stores, due: MailDue, life: timedelta) -> None:
    late = await stores().claim(replace(due, expires_at=now() + life))
    assert isinstance(late, TooLate)
    assert late.attempt == 1


async def test_too_late_after_a_refusal_is_still_never_sent(stores: Stores, due: MailDue) -> None:
    claims = stores()
    await claims.claim(replace(due, expires_at=now() + timedelta(minutes=10)))
    await claims.refused(due, 1)
    assert isinstance(await claims.claim(replace(due, expires_at=now() + timedelta(seconds=60))), TooLate)


async def test_too_late_after_a_doubt_is_exhausted(stores: Stores, due: MailDue) -> None:
    claims = stores()
    await claims.claim(replace(due, expires_at=now() + timedelta(minutes=10)))
    doubt = await claims.doubted(due, 1, DOUBT)
    assert await claims.claim(replace(due, expires_at=now() + timedelta(seconds=60))) == Exhausted(
        1, doubt.at, "sendgrid"
    )


async def test_an_acceptance_is_remembered_even_if_the_claim_is_gone(stores: Stores, due: MailDue) -> None:
    claims = stores()
    sent = await claims.accepted(due, 1, "sendgrid")
    assert await claims.claim(due) == sent


async def test_a_second_send_under_a_claim_is_counted_before_it_is_made(stores: Stores, due: MailDue) -> None:
    claims = stores(SHORT)
    await claims.claim(due)
    assert await claims.count_another(due, 1, "sendgrid")
    assert not await claims.count_another(due, 1, "sendgrid")
    end = await take_over(claims, due)  # its holder died
    assert isinstance(end, Exhausted)
    assert end.provider == "sendgrid"


async def test_a_second_send_that_was_not_made_after_all_may_be_made_later(stores: Stores, due: MailDue) -> None:
    claims = stores()
    await claims.claim(due)
    await claims.count_another(due, 1, "sendgrid")
    assert (await claims.doubted(due, 1, replace(DOUBT, unused=True))).another
    assert await claims.claim(due) == Claimed(2, "sendgrid")


async def test_whoever_lost_the_claim_gets_no_second_send(stores: Stores, due: MailDue) -> None:
    claims = stores(SHORT)
    await claims.claim(due)
    assert await take_over(claims, due) == Claimed(2, NO_PROVIDER)
    assert not await claims.count_another(due, 1, "sendgrid")


async def test_no_mail_of_a_closed_challenge_is_claimed(stores: Stores, due: MailDue) -> None:
    claims = stores()
    assert due.challenge_id is not None
    await claims.close(due.challenge_id)
    closed = await claims.claim(due)
    assert isinstance(closed, Closed)
    assert closed.attempt == 1
    assert await claims.claim(passcode()) == Claimed(1)


async def test_what_was_sent_before_its_challenge_closed_stays_so(stores: Stores, due: MailDue) -> None:
    claims, doubtful = stores(), passcode()
    await claims.claim(due)
    sent = await claims.accepted(due, 1, "smtp")
    await claims.claim(doubtful)
    doubt = await claims.doubted(doubtful, 1, DOUBT)
    for each in (due, doubtful):
        assert each.challenge_id is not None
        await claims.close(each.challenge_id)
    assert await claims.claim(due) == sent
    assert await claims.claim(doubtful) == Exhausted(1, doubt.at, "sendgrid")


async def test_in_valkey_a_message_is_one_key_that_ends_after_its_code(redis_url: str, due: MailDue) -> None:
    redis = redis_client(redis_url)
    claims = RedisClaims(redis, TERMS)
    await claims.claim(due)
    ends_ms = (due.expires_at + TERMS.kept).timestamp() * 1000
    assert await redis.keys() == [f"notifier:{{{due.challenge_id}}}:send:{due.message_id}".encode()]
    assert abs(await redis.pexpiretime(f"notifier:{{{due.challenge_id}}}:send:{due.message_id}") - ends_ms) < 2
    await claims.accepted(due, 1, "sendgrid")
    assert abs(await redis.pexpiretime(f"notifier:{{{due.challenge_id}}}:send:{due.message_id}") - ends_ms) < 2
    await redis.aclose()


async def test_in_valkey_a_flushed_script_cache_is_refilled(redis_url: str, due: MailDue) -> None:
    redis = redis_client(redis_url)
    claims = RedisClaims(redis, TERMS)
    await claims.claim(due)
    await redis.script_flush()
    assert isinstance(await claims.claim(due), Held)
    await redis.aclose()


async def test_without_a_server_every_verb_says_so(due: MailDue) -> None:
    redis = redis_client("redis://127.0.0.1:1/0")
    claims = RedisClaims(redis, TERMS)
    await ClaimedSends(claims, due, 1).cut("sendgrid")  # but that: whoever is to stop can do nothing about it
    for verb in (
        claims.claim(due),
        claims.accepted(due, 1, "sendgrid"),
        claims.refused(due, 1),
        claims.withheld(due, 1),
        claims.doubted(due, 1, DOUBT),
        claims.count_another(due, 1, "sendgrid"),
        claims.close(due.message_id),
    ):
        with pytest.raises(DependencyUnavailable):
            await verb
    await redis.aclose()
