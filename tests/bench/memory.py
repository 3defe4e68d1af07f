"""What Redis keeps: bytes of a live challenge, and of the account that has used up all that it may."""

from dataclasses import replace
from uuid import uuid4

from services.otp.adapters.redis_keys import challenge_keys
from services.otp.settings import LimitSettings
from shared.redis import RedisClient
from tests.bench.passcodes import CLIENT, Challenge, Issuer


async def measure_memory(redis: RedisClient, issuer: Issuer, count: int) -> tuple[dict[str, int], list[Challenge]]:
    """And the challenges that are there now. Each has an account of its own: an end, a record, a hash each."""
    await issuer.issue_many(10)  # so that scripts and connections are there
    before = await _used(redis)
    challenges = await issuer.issue_many(count)
    each = (await _used(redis) - before) / count
    account = await _full_account(redis, issuer)
    return {"challenges": count, "bytes_each": round(each), "bytes_full_account": account}, challenges


async def _used(redis: RedisClient) -> int:
    return int((await redis.info("memory"))["used_memory"])


async def _full_account(redis: RedisClient, issuer: Issuer) -> int:
    """With as many wrong codes, mails and live challenges as the limits ever let it have: nothing but the time that it
    takes to get there is left out."""
    limits = LimitSettings().limits
    at_once = replace(
        limits,
        wrong_per_challenge=limits.wrong_per_30_days,
        wrong_per_day=limits.wrong_per_30_days,
        resends=limits.mails_per_day,
        cooldown_ms=0,
        least_life_ms=0,
    )
    account_id = uuid4()
    challenges = [await issuer.issue(account_id, at_once) for _ in range(2 * limits.live_challenges)]
    ref = challenges[0].ref
    for _ in range(limits.mails_per_day - len(challenges)):
        await issuer.store.resend(ref, CLIENT, at_once)
    for _ in range(limits.wrong_per_30_days - 1):  # the last one would close the challenge
        await issuer.store.judge(ref, CLIENT, [(issuer.pepper_id, b"")], at_once)
    return int(await redis.memory_usage(challenge_keys(ref)[1], samples=0) or 0)
