"""A script that shows how often it ran."""

import time
from uuid import uuid4

from shared.redis import CALL_TIMEOUT_S
from shared.redis_script import Script
from shared.unavailable import DependencyUnavailable

COUNT = "return {ARGV[1], redis.call('INCR', KEYS[1])}"
A_MOMENT_MORE_S = 0.5


async def count(script: Script, key: str) -> int:
    (counted,) = await script.about(uuid4().bytes, [key])
    return int(counted)


async def counted_within(script: Script, key: str, allowed_s: float = CALL_TIMEOUT_S + A_MOMENT_MORE_S) -> int | None:
    """None while Redis is away. No call may hang."""
    started = time.monotonic()
    try:
        return await count(script, key)
    except DependencyUnavailable:
        return None
    finally:
        assert time.monotonic() - started < allowed_s
