"""What Redis keeps: bytes of a live challenge, and of the account that has used up all that it may. What the keys of
the service are called changes none of it (tests/contracts/otp/test_record_size.py)."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from services.otp.adapters.redis_keys import challenge_keys
from services.otp.domain.delivery import delivery_rank
from services.otp.settings import LimitSettings
from shared.events import Outcome
from shared.redis import RedisClient
from tests.bench.passcodes import AT_ONCE, CLIENT, Challenge, Issuer


async def measure_memory(redis: RedisClient, issuer: Issuer, count: int) -> tuple[dict[str, int], list[Challenge]]:
    """And the challenges that are there now. Each has an account of its own: an end, a record, a hash each."""
    await issuer.issue_many(10)  # so that scripts and connections are there
    before = await _used(redis)
    challenges = await issuer.issue_many(count)
    fresh = await _used(redis) - before
    await _delivered(issuer, challenges)
    delivered = await _used(redis) - before
    figures = {"bytes_fresh": round(fresh / count), "bytes_delivered": round(delivered / count)}
    return {"challenges": count, **figures, "bytes_full_account": await _full_account(redis, issuer)}, challenges


async def _delivered(issuer: Issuer, challenges: list[Challenge]) -> None:
    """As a usual login finds it: its one mail has arrived."""
    rank, now = delivery_rank(Outcome.DELIVERED), datetime.now(UTC)

    async def one_after_the_other(turns: Iterator[Challenge]) -> None:
        for challenge in turns:
            await issuer.store.record_delivery(challenge.ref, 0, rank, now)

    turns = iter(challenges)
    await asyncio.gather(*(one_after_the_other(turns) for _ in range(AT_ONCE)))


async def _used(redis: RedisClient) -> int:
    return int((await redis.info("memory"))["used_memory"])


async def _full_account(redis: RedisClient, issuer: Issuer) -> int:
    """With as many wrong codes, mails and live challenges as the limits ever let it have: nothing but the time that it
    takes to get there is left out."""
    limits = LimitSettings().limits
    at_once = replace(
        limits,
        wrong_per_challenge=limits.wrong_per_30_days + 1,  # else the last one would close it
        wrong_per_day=limits.wrong_per_30_days,
        resends=limits.mails_per_day,
        cooldown_ms=0,
        least_life_ms=0,
    )
    account_id = uuid4()
    challenges = [await issuer.issue(account_id, at_once) for _ in range(limits.live_challenges)]
    ref = challenges[0].ref
    for _ in range(limits.mails_per_day - len(challenges)):
        await issuer.store.resend(ref, CLIENT, at_once)
    for _ in range(limits.wrong_per_30_days):
        await issuer.store.judge(ref, CLIENT, list(issuer.book.macs(ref, "")), at_once)
    return int(await redis.memory_usage(challenge_keys(ref)[1], samples=0) or 0)
