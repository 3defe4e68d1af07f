"""The guess budget of an account, over all its challenges: the same cases for the fake and for Redis."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from deploy.local.valkey import Valkey
from services.auth.domain.guess_budget import GuessBudget
from services.otp.adapters.redis_keys import challenge_keys
from services.otp.adapters.scripts import source_of
from services.otp.domain.challenge import ChallengeRef, Judgement, Verdict
from services.otp.domain.limits import Limits
from shared.epoch import epoch_ms
from shared.redis_script import Scripts
from tests.challenge_model import FakeChallenges
from tests.contracts.otp.test_challenges import (
    BOOK,
    CLIENT,
    LIMITS,
    RIGHT,
    WRONG,
    Store,
    issue,
    judge,
    redis_store,
    soon,
)
from tests.redis_at import redis_at

DAY, MONTH = timedelta(days=1), timedelta(days=30)
SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)


@pytest.fixture(scope="session")
async def redis(valkey: Valkey) -> AsyncIterator[Redis]:
    client = redis_at(valkey.url)
    yield client
    await client.aclose()


@pytest.fixture(params=["fake", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    return FakeChallenges() if request.param == "fake" else redis_store(request.getfixturevalue("redis"))


async def challenges(store: Store, count: int, account_id: UUID | None = None) -> list[ChallengeRef]:
    """Of one account, each with the code RIGHT."""
    account_id = account_id or uuid4()
    made = [ChallengeRef(account_id, uuid4()) for _ in range(count)]
    for challenge in made:
        await issue(store, challenge)
    return made


async def guess(store: Store, account_id: UUID, count: int) -> list[Judgement]:
    """So many wrong codes, each for a challenge of its own."""
    return [await judge(store, challenge, WRONG) for challenge in await challenges(store, count, account_id)]


async def make_older(store: Store, redis: Redis, account_id: UUID, by: timedelta) -> None:
    """As if so much time had passed since the account's wrong codes."""
    if isinstance(store, FakeChallenges):
        store.make_older(account_id, by)
        return
    await change(redis, account_id, f"for i, at in ipairs(account.w) do account.w[i] = at - {by // MILLISECOND} end")


async def change(redis: Redis, account_id: UUID, lua: str) -> None:
    """What is kept of the account, by Lua on `account`."""
    load_and_save = ("local account = load_account(now_ms())", lua, "save_account(account, now_ms())")
    terms = "local terms = {}"
    script = source_of("account").replace("local DAY", f"{terms} local DAY", 1) + "\n".join(load_and_save)
    await Scripts(redis).script(script)(challenge_keys(ChallengeRef(account_id, account_id)), [])


async def test_of_100_wrong_codes_at_once_over_20_challenges_15_are_looked_at(store: Store) -> None:
    those = await challenges(store, 20)
    judged = await asyncio.gather(*(judge(store, challenge, WRONG) for challenge in those for _ in range(5)))

    assert Counter(judgement.verdict for judgement in judged) == {Verdict.WRONG: 15, Verdict.ACCOUNT_LOCKED: 85}
    (another,) = await challenges(store, 1, those[0].account_id)
    assert (await judge(store, another, RIGHT)).verdict is Verdict.ACCOUNT_LOCKED


async def test_who_is_told_to_wait_is_told_until_when(store: Store) -> None:
    before = datetime.now(UTC)
    (challenge,) = await challenges(store, 1)
    await guess(store, challenge.account_id, 15)
    after = datetime.now(UTC)
    refused = await judge(store, challenge)

    assert (refused.verdict, refused.attempts_remaining) == (Verdict.ACCOUNT_LOCKED, 0)
    assert refused.retry_at is not None
    assert before - SECOND <= refused.retry_at - DAY <= after


async def test_a_success_gives_no_guess_back(store: Store) -> None:
    (challenge,) = await challenges(store, 1)
    account_id = challenge.account_id
    await guess(store, account_id, 14)
    assert (await judge(store, challenge)).verdict is Verdict.VERIFIED

    assert [judgement.verdict for judgement in await guess(store, account_id, 2)] == [
        Verdict.WRONG,
        Verdict.ACCOUNT_LOCKED,
    ]


async def test_right_codes_use_up_nothing(store: Store) -> None:
    those = await challenges(store, 60)

    assert {(await judge(store, challenge)).verdict for challenge in those} == {Verdict.VERIFIED}


async def test_what_is_left_is_what_both_budgets_leave(store: Store) -> None:
    one, other = await challenges(store, 2)
    await guess(store, one.account_id, 12)
    counted = [(await judge(store, one, WRONG)).attempts_remaining for _ in range(2)]
    status = await store.status(other, LIMITS)

    assert counted == [2, 1]
    assert status is not None
    assert status.attempts_remaining == 1
    assert (await judge(store, other)).attempts_remaining == 1


async def test_the_budget_of_one_account_is_not_that_of_another(store: Store) -> None:
    await guess(store, uuid4(), 16)

    assert [judgement.verdict for judgement in await guess(store, uuid4(), 1)] == [Verdict.WRONG]


async def test_a_guess_comes_back_as_the_wrong_code_is_a_day_old_and_not_before(store: Store, redis: Redis) -> None:
    account_id = uuid4()
    await guess(store, account_id, 5)
    await make_older(store, redis, account_id, DAY / 2)
    await guess(store, account_id, 10)
    await make_older(store, redis, account_id, DAY / 2 - 60 * SECOND)
    assert (await guess(store, account_id, 1))[0].verdict is Verdict.ACCOUNT_LOCKED
    await make_older(store, redis, account_id, 60 * SECOND)

    verdicts = Counter(judgement.verdict for judgement in await guess(store, account_id, 8))
    assert verdicts == {Verdict.WRONG: 5, Verdict.ACCOUNT_LOCKED: 3}


async def test_patience_is_no_way_around_the_30_days(store: Store, redis: Redis) -> None:
    account_id = uuid4()
    looked_at = 0
    for _ in range(5):
        looked_at += sum(judgement.verdict is Verdict.WRONG for judgement in await guess(store, account_id, 16))
        await make_older(store, redis, account_id, DAY)
    (refused,) = await guess(store, account_id, 1)

    assert looked_at == 50
    assert refused.verdict is Verdict.ACCOUNT_LOCKED
    assert refused.retry_at is not None
    left = refused.retry_at - datetime.now(UTC)  # the first 15 were typed five days ago
    assert MONTH - 5 * DAY - 60 * SECOND < left <= MONTH - 5 * DAY
    await make_older(store, redis, account_id, left + SECOND)
    assert (await guess(store, account_id, 1))[0].verdict is Verdict.WRONG


async def test_a_code_of_a_challenge_that_is_over_costs_nothing(store: Store) -> None:
    used, locked = await challenges(store, 2)
    await judge(store, used)
    for challenge in (used, locked):
        for _ in range(9):
            await judge(store, challenge, WRONG)

    assert len([judgement for judgement in await guess(store, used.account_id, 12) if judgement.retry_at is None]) == 10


async def test_a_lower_limit_holds_at_once(store: Store) -> None:
    (challenge,) = await challenges(store, 1)
    await guess(store, challenge.account_id, 4)
    right = list(BOOK.macs(challenge, RIGHT))
    lowered = replace(LIMITS, wrong_per_30_days=3)

    assert (await store.judge(challenge, CLIENT, right, lowered)).verdict is Verdict.ACCOUNT_LOCKED
    assert (await store.judge(challenge, CLIENT, right, LIMITS)).verdict is Verdict.VERIFIED


async def test_the_script_counts_as_the_arithmetic_of_auths_factors_does(redis: Redis) -> None:
    store, few = redis_store(redis), replace(LIMITS, wrong_per_day=3, wrong_per_30_days=5)
    budget, draw = GuessBudget(few.wrong_per_day, few.wrong_per_30_days), Random(7)
    waits = set()
    for _ in range(200):
        now = soon(0)
        # Half a second off the ends of the windows: Redis has a clock of its own.
        hours = [draw.choice((1, 23, 24, 25, 500, 719, 720, 800)) for _ in range(draw.randrange(8))]
        wrong_at = [now - timedelta(hours=each, seconds=draw.choice((0.5, 30.5))) for each in hours]
        (challenge,) = await challenges(store, 1)
        times = ", ".join(str(epoch_ms(at)) for at in sorted(wrong_at))
        await change(redis, challenge.account_id, f"account.w = {{{times}}}")
        status = await store.status(challenge, few)
        judged = await store.judge(challenge, CLIENT, list(BOOK.macs(challenge, RIGHT)), few)

        assert status is not None
        assert status.attempts_remaining == budget.remaining(wrong_at, now)
        assert judged.retry_at == budget.retry_at(wrong_at, now)
        assert (judged.verdict is Verdict.VERIFIED) == (judged.retry_at is None)
        waits.add(judged.retry_at and (judged.retry_at - now).days)
    assert waits == {None, 0, 9, 28}  # nothing to wait for, a day's end, a month's


async def test_in_redis_it_is_one_small_key_that_ends(redis: Redis) -> None:
    challenge = ChallengeRef(uuid4(), uuid4())
    key, now, most = challenge_keys(challenge)[1], epoch_ms(soon(0)), Limits(5, 15, 50)
    full = {"w": most.wrong_per_30_days, "m": most.mails_per_day, "l": 2 * most.live_challenges}
    fill = "".join(f"for i = 1, {count} do account.{name}[i] = {now} - i end\n" for name, count in full.items())
    ids = "for i = 1, 10, 2 do account.l[i] = string.rep('x', 16) end account.f = 99"
    await change(redis, challenge.account_id, fill + ids)

    used = await redis.memory_usage(key)
    assert used is not None
    assert used <= 960  # as docs/limits.md says
    assert 399 * DAY < timedelta(milliseconds=await redis.pttl(key)) <= 400 * DAY
    await change(redis, challenge.account_id, "account.f, account.w = 0, {}")
    assert timedelta(hours=23) < timedelta(milliseconds=await redis.pttl(key)) <= DAY
