"""Readiness on Redis: it answers, and it forgets nothing."""

import asyncio
from typing import Any

import structlog
from redis.asyncio import RedisCluster

from shared.redis import RedisClient, outages

_log = structlog.get_logger()


class RedisFit:
    """Whether every primary answers and evicts nothing: an evicted counter would be a fresh budget.

    INFO says so, which managed servers allow; CONFIG they forbid.
    """

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._noted: dict[str, str] = {}

    async def __call__(self) -> bool:
        """Raises: DependencyUnavailable."""
        evicting = {name: policy for name, policy in (await self._policies()).items() if policy != "noeviction"}
        if evicting and evicting != self._noted:
            _log.error("redis_evicts", policies=evicting, wanted="noeviction")
        self._noted = evicting
        return not evicting

    async def _policies(self) -> dict[str, str]:
        """What each primary does when its memory is full."""
        async with outages(self._client):
            asked: dict[str, Any]
            if isinstance(self._client, RedisCluster):
                await self._client.initialize()
                nodes = self._client.get_primaries()
                asked = {node.name: self._client.info("memory", target_nodes=node) for node in nodes}
            else:
                asked = {"primary": self._client.info("memory")}
            answers = await asyncio.gather(*asked.values())
        return {name: str(answer.get("maxmemory_policy")) for name, answer in zip(asked, answers, strict=True)}
