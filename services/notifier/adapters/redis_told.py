"""Which reports of a provider were told already, in Redis: `notifier:{told-<shard>}:<hash of the report's id>`.

A key holds who tells the report just now, for the length of a lease, or that it was told. The keys of a shard are in
one slot, so that a batch of a thousand is a few scripts, all under way at once, and a cluster shares the shards.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from services.notifier.adapters import scripts
from services.notifier.domain.standing import Standing
from shared.redis import RedisClient
from shared.redis_script import Script, Scripts

_TOLD: Final = b"told"


class RedisTold:
    """`holder` is of this process alone. All verbs raise DependencyUnavailable."""

    def __init__(self, client: RedisClient, holder: str, lease: timedelta, kept: timedelta) -> None:
        self._holder = holder
        self._lease, self._kept = (int(span / timedelta(milliseconds=1)) for span in (lease, kept))
        self._take, self._settle = Scripts(client).of_package(scripts, "take_reports", "settle_reports")

    async def take(self, ids: Sequence[str]) -> list[Standing]:
        shards = _sharded(ids)

        async def take(shard: str, keys: dict[str, str]) -> list[tuple[str, Standing]]:
            (before,) = await self._run(self._take, shard, list(keys.values()), self._lease)
            return list(zip(keys, map(_standing, before), strict=True))

        found = dict(pair for pairs in await asyncio.gather(*map(take, shards, shards.values())) for pair in pairs)
        return [found[each] for each in ids]

    async def settle(self, told: Sequence[str], untold: Sequence[str]) -> None:
        """`untold`: to be told by whoever gets them next."""
        done, open_again = _sharded(told), _sharded(untold)

        async def settle(shard: str) -> None:
            first, others = done.get(shard, {}), open_again.get(shard, {})
            keys = [*first.values(), *others.values()]
            await self._run(self._settle, shard, keys, self._kept, len(first))

        await asyncio.gather(*map(settle, done.keys() | open_again.keys()))

    async def _run(self, script: Script, shard: str, keys: list[str], *args: int) -> list[Any]:
        return await script.about(shard.encode(), keys, self._holder, *args)


def _sharded(ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Shard → id → key; sixteen shards. A hash, since SendGrid's ids are of any length and alphabet."""
    shards: dict[str, dict[str, str]] = defaultdict(dict)
    for each in ids:
        name = hashlib.sha256(each.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        shards[name[0]][each] = f"notifier:{{told-{name[0]}}}:{name}"
    return shards


def _standing(before: bytes | None) -> Standing:
    if before is None:
        return Standing.OURS
    return Standing.TOLD if before == _TOLD else Standing.ANOTHER
