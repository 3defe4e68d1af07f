"""The store of challenges: the same cases for the fake and for Redis, whose scripts are the real thing."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from deploy.local.valkey import Valkey
from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.domain.challenge import ChallengeRef, End, Ended, Judgement, State, Verdict
from services.otp.domain.delivery import News
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import PasscodeBook
from services.otp.use_cases.issue_passcode import Issued, Refused
from shared.redis_script import Scripts
from tests.challenge_model import FakeChallenges
from tests.redis_at import redis_at
from tests.unit.shared.samples import private_ring
from tests.wait_until import wait_until

Store = RedisChallenges | FakeChallenges

BOOK = PasscodeBook(private_ring("p1"), private_ring("c1"))
LIMITS = Limits(
    wrong_per_challenge=5, wrong_per_day=15, wrong_per_30_days=50, live_challenges=1_000, mails_per_day=1_000
)
MOST = LIMITS.wrong_per_challenge
CLIENT = "c" * 64
RIGHT, WRONG = "402817", "000000"


@pytest.fixture(scope="session")
async def redis(valkey: Valkey) -> AsyncIterator[Redis]:
    client = redis_at(valkey.url)
    yield client
    await client.aclose()


@pytest.fixture(params=["fake", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    return FakeChallenges() if request.param == "fake" else redis_store(request.getfixturevalue("redis"))


def redis_store(client: Redis) -> RedisChallenges:
    return RedisChallenges(Scripts(client).script)


def new_challenge() -> ChallengeRef:
    return ChallengeRef(uuid4(), uuid4())


def soon(seconds: float = 600) -> datetime:
    """To the millisecond, as Redis keeps it."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


async def issue(
    store: Store, challenge: ChallengeRef, code: str = RIGHT, expires_at: datetime | None = None
) -> Issued | Refused | None:
    draft = BOOK.draft(challenge, len(code), lambda _: int(code))
    return await store.issue(challenge, draft, CLIENT, expires_at or soon(), LIMITS)


async def judge(store: Store, challenge: ChallengeRef, code: str = RIGHT, client: str = CLIENT) -> Judgement:
    return await store.judge(challenge, client, list(BOOK.macs(challenge, code)), LIMITS)


async def test_the_first_draft_wins_whoever_comes_second(store: Store) -> None:
    challenge = new_challenge()
    first = await issue(store, challenge, "111111")
    second = await issue(store, challenge, "222222")

    assert first == second
    assert isinstance(first, Issued)
    assert BOOK.reveal(challenge, first.ciphertext) == "111111"
    assert (await judge(store, challenge, "222222")).verdict is Verdict.WRONG
    assert (await judge(store, challenge, "111111")).verdict is Verdict.VERIFIED


async def test_many_drafts_at_once_leave_one_code(store: Store) -> None:
    challenge = new_challenge()
    issued = await asyncio.gather(*(issue(store, challenge, f"{number:06d}") for number in range(50)))

    assert len(set(issued)) == 1


async def test_challenges_of_one_account_live_side_by_side(store: Store) -> None:
    one = new_challenge()
    other = ChallengeRef(one.account_id, uuid4())
    await issue(store, one, "111111")
    await issue(store, other, "222222")

    assert (await judge(store, other, "222222")).verdict is Verdict.VERIFIED
    assert (await judge(store, one, "111111")).verdict is Verdict.VERIFIED


async def test_the_right_code_is_right_once(store: Store) -> None:
    challenge = new_challenge()
    await issue(store, challenge)

    assert await judge(store, challenge) == Judgement(Verdict.VERIFIED, 4)
    assert await judge(store, challenge) == Judgement(Verdict.USED, 0)
    assert await judge(store, challenge, WRONG) == Judgement(Verdict.USED, 0)


async def test_wrong_codes_count_down_and_the_last_one_locks(store: Store) -> None:
    challenge = new_challenge()
    await issue(store, challenge)
    judged = [await judge(store, challenge, WRONG) for _ in range(6)]

    assert judged == [Judgement(Verdict.WRONG, left) for left in (4, 3, 2, 1, 0)] + [Judgement(Verdict.LOCKED, 0)]
    assert await judge(store, challenge) == Judgement(Verdict.LOCKED, 0)


async def test_the_last_attempt_may_be_the_right_one(store: Store) -> None:
    challenge = new_challenge()
    await issue(store, challenge)
    for _ in range(MOST - 1):
        await judge(store, challenge, WRONG)

    assert await judge(store, challenge) == Judgement(Verdict.VERIFIED, 0)


async def test_a_challenge_without_a_code_takes_no_attempt(store: Store) -> None:
    challenge = new_challenge()

    assert await judge(store, challenge) == Judgement(Verdict.NOT_ISSUED, 0)
    await issue(store, challenge)
    assert await judge(store, challenge) == Judgement(Verdict.VERIFIED, 4)


async def test_another_client_neither_gets_in_nor_uses_up_an_attempt(store: Store) -> None:
    challenge = new_challenge()
    await issue(store, challenge)

    assert await judge(store, challenge, client="d" * 64) == Judgement(Verdict.NOT_ISSUED, 0)
    assert await judge(store, challenge) == Judgement(Verdict.VERIFIED, 4)


async def test_the_code_of_another_challenge_is_wrong(store: Store) -> None:
    one, other = new_challenge(), new_challenge()
    await issue(store, one, "111111")
    await issue(store, other, "222222")

    assert (await judge(store, one, "222222")).verdict is Verdict.WRONG


async def test_after_its_end_no_code_is_right(store: Store) -> None:
    challenge, expires_at = new_challenge(), soon(0.15)
    await issue(store, challenge, expires_at=expires_at)
    await wait_until(lambda: is_over(store, challenge))

    assert await judge(store, challenge) == Judgement(Verdict.EXPIRED, 0)
    assert await judge(store, challenge, WRONG) == Judgement(Verdict.EXPIRED, 0)
    assert await issue(store, challenge, expires_at=expires_at) is None


async def test_a_challenge_that_is_over_before_it_begins_gets_no_code(store: Store) -> None:
    challenge = new_challenge()

    assert await issue(store, challenge, expires_at=soon(-1)) is None
    assert await store.status(challenge, LIMITS) is None


async def test_a_challenge_that_would_live_longer_than_any_of_ours_gets_no_code(store: Store) -> None:
    challenge = new_challenge()
    for expires_at in (soon(25 * 3600), datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14)))):
        assert await issue(store, challenge, expires_at=expires_at) is None
    assert await store.status(challenge, LIMITS) is None


@pytest.mark.parametrize("end", ["verified", "locked"])
async def test_a_late_duplicate_of_a_challenge_that_is_over_mints_nothing(store: Store, end: str) -> None:
    challenge = new_challenge()
    await issue(store, challenge)
    for _ in range(MOST):
        await judge(store, challenge, RIGHT if end == "verified" else WRONG)

    assert await issue(store, challenge, "222222") is None
    assert (await judge(store, challenge, "222222")).verdict is (Verdict.USED if end == "verified" else Verdict.LOCKED)


async def test_of_a_hundred_right_codes_at_once_one_is_verified(store: Store) -> None:
    challenge = new_challenge()
    await issue(store, challenge)
    judged = await asyncio.gather(*(judge(store, challenge) for _ in range(100)))

    assert Counter(judgement.verdict for judgement in judged) == {Verdict.VERIFIED: 1, Verdict.USED: 99}


async def test_of_a_hundred_wrong_codes_at_once_five_are_looked_at(store: Store) -> None:
    challenge = new_challenge()
    await issue(store, challenge)
    judged = await asyncio.gather(*(judge(store, challenge, WRONG) for _ in range(100)))

    assert Counter(judgement.verdict for judgement in judged) == {Verdict.WRONG: 5, Verdict.LOCKED: 95}
    assert sorted(judgement.attempts_remaining for judgement in judged if judgement.verdict is Verdict.WRONG) == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip


async def test_where_it_stands_can_be_asked_at_any_time(store: Store) -> None:
    challenge, expires_at = new_challenge(), soon()
    assert await store.status(challenge, LIMITS) is None
    await issue(store, challenge, expires_at=expires_at)
    fresh = await store.status(challenge, LIMITS)
    await judge(store, challenge, WRONG)
    tried = await store.status(challenge, LIMITS)
    await judge(store, challenge)
    used = await store.status(challenge, LIMITS)

    assert fresh is not None
    assert (fresh.state, fresh.attempts_remaining, fresh.expires_at) == (State.OPEN, 5, expires_at)
    assert fresh.mails == (News(),)
    assert tried is not None
    assert (tried.state, tried.attempts_remaining) == (State.OPEN, 4)
    assert used is not None
    assert used.state is State.VERIFIED


async def test_a_locked_and_an_expired_challenge_say_so(store: Store) -> None:
    locked, expired = new_challenge(), new_challenge()
    await issue(store, locked)
    await issue(store, expired, expires_at=soon(0.15))
    for _ in range(MOST):
        await judge(store, locked, WRONG)
    await wait_until(lambda: is_over(store, expired))
    status = await store.status(locked, LIMITS)

    assert status is not None
    assert (status.state, status.attempts_remaining) == (State.LOCKED, 0)


async def test_when_the_limit_is_lowered_no_further_code_is_looked_at(store: Store) -> None:
    challenge = new_challenge()
    await issue(store, challenge)
    for _ in range(3):
        await judge(store, challenge, WRONG)
    status = await store.status(challenge, replace(LIMITS, wrong_per_challenge=2))

    assert status is not None
    assert status.attempts_remaining == 0
    right = list(BOOK.macs(challenge, RIGHT))
    locked = await store.judge(challenge, CLIENT, right, replace(LIMITS, wrong_per_challenge=2))
    assert (locked.verdict, locked.attempts_remaining) == (Verdict.LOCKED, 0)
    assert locked.ended == Ended(challenge, End.LOCKED, 3)  # so many were looked at
    assert await store.judge(challenge, CLIENT, right, LIMITS) == Judgement(Verdict.LOCKED, 0)


DELIVERIES = st.lists(
    st.tuples(st.integers(1, 7), st.integers(0, 3).map(lambda ms: soon(0).replace(microsecond=ms * 1000))),
    min_size=1,
    max_size=4,
)


async def test_what_is_known_of_the_mail_does_not_depend_on_the_order_of_news(store: Store) -> None:
    async def after(news: tuple[tuple[int, datetime], ...]) -> tuple[Any, ...]:
        challenge = new_challenge()
        await issue(store, challenge)
        for rank, at in news:
            await store.record_delivery(challenge, 0, rank, at)
        status = await store.status(challenge, LIMITS)
        assert status is not None
        return status.mails

    @given(DELIVERIES)
    @settings(max_examples=15, deadline=None)
    def histories(news: list[tuple[int, datetime]]) -> None:
        seen.append(news)

    seen: list[list[tuple[int, datetime]]] = []
    await asyncio.to_thread(histories)
    for news in seen:
        results = {await after(order) for order in permutations(news)}
        highest = max(news)
        assert results == {(News.of_rank(*highest),)}


async def test_news_of_a_mail_whose_challenge_is_gone_changes_nothing(store: Store) -> None:
    challenge = new_challenge()
    await store.record_delivery(challenge, 0, 6, soon())

    assert await store.status(challenge, LIMITS) is None


async def is_over(store: Store, challenge: ChallengeRef) -> bool:
    status = await store.status(challenge, LIMITS)
    return status is not None and status.state is State.EXPIRED
