"""Rate limits in Redis, for all instances together. It is asked briefly, or not at all.

A bucket is one string: its TAT in epoch milliseconds, kept until then. Each is a script call of its own: in a cluster
the buckets of different accounts and addresses lie in different slots.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

import structlog

from services.auth.adapters import scripts
from services.auth.domain.gcra import Bucket
from shared.redis import RedisClient
from shared.redis_script import Scripts
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()

DEADLINE_S: Final = 0.25
PAUSE_S: Final = 1.0
# A storm of logins queues here, where it does not look like an outage.
AT_ONCE: Final = 32


class RedisThrottle:
    """A call takes at most `deadline_s`; after one that failed, the next PAUSE_S fail at once."""

    def __init__(self, client: RedisClient, monotonic: Callable[[], float], deadline_s: float = DEADLINE_S) -> None:
        self._spend, self._refund = Scripts(client).of_package(scripts, "spend", "refund")
        self._monotonic = monotonic
        self._deadline_s = deadline_s
        self._away_until = float("-inf")
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def take(self, buckets: Sequence[Bucket]) -> int:
        async with self._briefly():
            for place, bucket in enumerate(buckets):
                limit = bucket.limit
                (wait,) = await self._spend.about(uuid4().bytes, [bucket.key], limit.burst, limit.every_ms)
                if wait:
                    await self._give_back(buckets[:place])
                    return int(wait)
        return 0

    async def give_back(self, buckets: Sequence[Bucket]) -> None:
        async with self._briefly():
            await self._give_back(buckets)

    async def _give_back(self, buckets: Sequence[Bucket]) -> None:
        for bucket in buckets:
            await self._refund.about(uuid4().bytes, [bucket.key], bucket.limit.every_ms)

    @asynccontextmanager
    async def _briefly(self) -> AsyncIterator[None]:
        """Raises: DependencyUnavailable."""
        async with self._at_once:  # who waits here while Redis hangs is told below that it does
            if self._monotonic() < self._away_until:
                raise DependencyUnavailable("redis")
            try:
                async with asyncio.timeout(self._deadline_s):
                    yield
            except (TimeoutError, DependencyUnavailable) as error:
                if self._monotonic() >= self._away_until:
                    _log.warning("throttle_without_redis", cause=type(error).__name__)
                self._away_until = self._monotonic() + PAUSE_S
                raise DependencyUnavailable("redis") from error
