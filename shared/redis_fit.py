"""Readiness on Redis: it answers, it forgets nothing, and its clock is ours."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from redis.asyncio import RedisCluster

from shared.redis import RedisClient, outages

_log = structlog.get_logger()

MOST_APART_S: Final = 30
_NEAR: Final = "near"


class RedisFit:
    """Whether every primary answers, evicts nothing, and, where it must be `lasting`, keeps an append-only file: a
    counter that is evicted, or that a restart has forgotten, would be a fresh budget. Scripts go by its clock, and
    what they are about ends by that of others: one that is far ahead would find each code expired as it is made.

    INFO says so, which managed servers allow; CONFIG they forbid. It does not say `appendfsync`. `clock`: seconds since
    1970.
    """

    def __init__(self, client: RedisClient, *, lasting: bool = False, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._lasting = lasting
        self._clock = clock
        self._noted: dict[str, dict[str, str]] = {}

    async def __call__(self) -> bool:
        """Raises: DependencyUnavailable."""
        wanted = {"maxmemory_policy": "noeviction", "clock": _NEAR} | ({"aof_enabled": "1"} if self._lasting else {})
        unfit = {}
        for node, info in (await self._infos()).items():
            found = {name: str(info.get(name)) for name in wanted}
            if found != wanted:
                unfit[node] = found
        if unfit and unfit != self._noted:
            _log.error("redis_unfit", found=unfit, wanted=wanted)
        self._noted = unfit
        return not unfit

    async def _infos(self) -> dict[str, dict[str, Any]]:
        """What each primary says of itself."""
        async with outages(self._client):
            if not isinstance(self._client, RedisCluster):
                return {"primary": await self._info()}
            await self._client.initialize()
            nodes = self._client.get_primaries()
            infos = await asyncio.gather(*(self._info(target_nodes=node) for node in nodes))
        return {node.name: info for node, info in zip(nodes, infos, strict=True)}

    async def _info(self, **where: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for section in ("memory", "server", *(["persistence"] if self._lasting else [])):
            found |= await self._client.info(section, **where)
        ahead_s = found["server_time_usec"] / 1_000_000 - self._clock()
        return found | {"clock": _NEAR if abs(ahead_s) <= MOST_APART_S else f"{ahead_s:+.0f} s"}
