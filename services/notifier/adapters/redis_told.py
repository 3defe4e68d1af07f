"""Which reports of a provider were told already, in Redis: `notifier:{<hash of the report's id>}:told`.

A key holds who tells the report just now, for the length of a lease, or that it was told. All keys of a batch go in one
round trip (in a cluster: one to each node).
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from services.notifier.domain.standing import Standing
from shared.redis import RedisClient, outages

_TOLD: Final = b"told"
# Only what is still ours: after the lease another may have taken it, or told it.
_RELEASE: Final = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class RedisTold:
    """`holder` is of this process alone. All verbs raise DependencyUnavailable."""

    def __init__(self, client: RedisClient, holder: str, lease: timedelta, kept: timedelta) -> None:
        self._client = client
        self._holder = holder
        self._lease, self._kept = lease, kept

    async def take(self, ids: Sequence[str]) -> list[Standing]:
        pipeline = self._pipeline()
        for each in ids:
            pipeline.set(_key(each), self._holder, nx=True, px=self._lease, get=True)
        return [_standing(answer) for answer in await self._run(pipeline)]

    async def settle(self, told: Sequence[str], untold: Sequence[str]) -> None:
        """`untold`: to be told by whoever gets them next."""
        pipeline = self._pipeline()
        for each in told:
            pipeline.set(_key(each), _TOLD, px=self._kept)
        for each in untold:
            pipeline.eval(_RELEASE, 1, _key(each), self._holder)
        await self._run(pipeline)

    def _pipeline(self) -> Any:
        return self._client.pipeline(transaction=False)

    async def _run(self, pipeline: Any) -> list[Any]:
        async with outages(self._client):
            answers: list[Any] = await pipeline.execute()
            return answers


def _key(report_id: str) -> str:
    """SendGrid's ids are of any length and alphabet."""
    return f"notifier:{{{hashlib.sha256(report_id.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}}}:told"


def _standing(before: bytes | None) -> Standing:
    if before is None:
        return Standing.OURS
    return Standing.TOLD if before == _TOLD else Standing.ANOTHER
