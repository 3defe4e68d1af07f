"""Readiness on Redis: it answers, and it forgets nothing."""

import asyncio
from typing import Any

import structlog
from redis.asyncio import RedisCluster

from shared.redis import RedisClient, outages

_log = structlog.get_logger()


class RedisFit:
    """Whether every primary answers, evicts nothing, and, where it must be `lasting`, keeps an append-only file: a
    counter that is evicted, or that a restart has forgotten, would be a fresh budget.

    INFO says so, which managed servers allow; CONFIG they forbid. It does not say `appendfsync`.
    """

    def __init__(self, client: RedisClient, *, lasting: bool = False) -> None:
        self._client = client
        self._lasting = lasting
        self._noted: dict[str, dict[str, str]] = {}

    async def __call__(self) -> bool:
        """Raises: DependencyUnavailable."""
        wanted = {"maxmemory_policy": "noeviction"} | ({"aof_enabled": "1"} if self._lasting else {})
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
        """What each primary says of its memory and its persistence."""
        async with outages(self._client):
            if not isinstance(self._client, RedisCluster):
                return {"primary": await self._info()}
            await self._client.initialize()
            nodes = self._client.get_primaries()
            infos = await asyncio.gather(*(self._info(target_nodes=node) for node in nodes))
        return {node.name: info for node, info in zip(nodes, infos, strict=True)}

    async def _info(self, **where: Any) -> dict[str, Any]:
        found: dict[str, Any] = await self._client.info("memory", **where)
        if self._lasting:
            found |= await self._client.info("persistence", **where)
        return found
