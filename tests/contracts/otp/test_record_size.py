"""docs/limits.md: what Redis keeps of a challenge, whatever the keys of the service are called, and of an account
(test_account_budget.py has one that has used up all)."""

from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.otp.adapters.redis_keys import challenge_keys
from services.otp.domain.challenge import ChallengeRef, Verdict
from services.otp.domain.delivery import delivery_rank
from services.otp.domain.passcode import PasscodeBook
from services.otp.settings import LimitSettings
from services.otp.use_cases.issue_passcode import Issued
from shared.events import Outcome
from tests.contracts.otp.test_challenges import CLIENT
from tests.contracts.otp.timeline import LIFE, Timeline
from tests.unit.shared.samples import private_ring

LIMITS = LimitSettings().limits
TEXT = " ".join((Path(__file__).parents[3] / "docs" / "limits.md").read_text().split())
# Allocators round up, not always alike: these are bounds, a little above what is seen.
LIVE, FULLEST, DAILY = 600, 800, 150


async def size(redis: Redis, *keys: str) -> int:
    return sum([int(await redis.memory_usage(key, samples=0) or 0) for key in keys])


@pytest.mark.parametrize("key_id", ["k-20261124-1", "k" * 32], ids=["as the command makes them", "the longest"])
async def test_a_challenge_is_small_with_all_its_keys_until_its_code_is_typed(redis: Redis, key_id: str) -> None:
    book = PasscodeBook(private_ring(key_id), private_ring(key_id))
    at = Timeline(redis, LIMITS, book)
    await at.passes()
    challenge = ChallengeRef(at.account_id, at.account_id)
    draft = book.draft(challenge, 8, lambda _: 0)
    assert isinstance(await at.store.issue(challenge, draft, CLIENT, at.now + LIFE, LIMITS), Issued)

    async def is_delivered(mail: int) -> None:
        await at.store.record_delivery(challenge, mail, delivery_rank(Outcome.DELIVERED), at.now)

    async def taken() -> int:
        assert await redis.object("ENCODING", challenge_keys(challenge)[0]) == b"listpack"
        return await size(redis, *challenge_keys(challenge))

    await is_delivered(0)
    assert 0 < await taken() <= LIVE
    for mail in range(1, 1 + LIMITS.resends):
        await at.passes(timedelta(milliseconds=LIMITS.cooldown_ms))
        assert (await at.resend(challenge)).mail == mail
        await is_delivered(mail)
    for _ in range(LIMITS.wrong_per_challenge - 1):
        assert (await at.wrong(challenge)).verdict is Verdict.WRONG
    assert await taken() <= FULLEST

    most = f"`tests/contracts/otp/test_record_size.py` holds it to {LIVE} once its mail is delivered, and to {FULLEST}"
    assert f"{most} with {1 + LIMITS.resends} mails and {LIMITS.wrong_per_challenge - 1} wrong codes" in TEXT


async def test_an_account_that_signs_in_each_day_takes_no_more_from_day_to_day(redis: Redis) -> None:
    at = Timeline(redis, LIMITS)
    await at.passes()
    for _ in range(40):
        challenge = await at.open()
        assert 0 < await size(redis, challenge_keys(challenge)[1]) <= DAILY
        assert (await at.judge(challenge)).verdict is Verdict.VERIFIED
        await at.passes(timedelta(hours=23))  # the last one's mail counts still

    assert f"an account that signs in once a day, at most {DAILY}" in TEXT
