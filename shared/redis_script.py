"""Lua scripts in Redis: one atomic step each, and an answer that can be relied on."""

from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import RedisCluster
from redis.asyncio.cluster import PipelineCommand
from redis.commands.core import AsyncScript
from redis.exceptions import MovedError, NoScriptError

from shared.redis import RedisClient, outages
from shared.unavailable import DependencyUnavailable

WAIT_MS: Final = 1000
TRIES: Final = 3


class Script:
    """A Lua script, called by its hash; loaded again where the server does not know it (NOSCRIPT).

    Its answer is given once `replicas` hold what it wrote, and withheld if they do not within WAIT_MS: replication is
    asynchronous, and after a failover nobody may have learned of a guess that was never counted
    (docs/decisions/0014).
    """

    def __init__(self, client: RedisClient, source: str, replicas: int = 0) -> None:
        self._client = client
        self._replicas = replicas
        self._script: AsyncScript = client.register_script(source)

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """Raises: DependencyUnavailable."""
        async with outages(self._client):
            if not self._replicas:
                return await self._script(keys=keys, args=args)
            return await self._replicated(keys, args)

    async def about(self, echo: bytes, keys: list[str], *args: str | bytes | int) -> list[Any]:
        """The answer of a script that gets `echo` as its first argument and gives it back first; the rest of it.

        A cancelled command once left its reply for the next caller (CVE-2023-28858): an answer about something else
        is no answer. Raises: DependencyUnavailable.
        """
        answer = await self(keys, [echo, *args])
        if answer[0] != echo:
            raise DependencyUnavailable("redis")
        return list(answer[1:])

    async def _replicated(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        for _ in range(TRIES):
            answer, acknowledged = await self._with_wait(keys, "EVALSHA", self._script.sha, len(keys), *keys, *args)
            if isinstance(answer, NoScriptError):  # nothing ran
                await self._client.script_load(self._script.script)
            elif isinstance(answer, MovedError) and isinstance(self._client, RedisCluster):  # nothing ran here
                await self._client.nodes_manager.initialize()
            elif isinstance(answer, Exception):
                raise answer
            elif isinstance(acknowledged, Exception):
                raise acknowledged
            elif acknowledged >= self._replicas:
                return answer
            else:
                break
        raise DependencyUnavailable("redis")

    async def _with_wait(self, keys: Sequence[str], *command: str | bytes | int) -> list[Any]:
        """WAIT is about what its own connection has written."""
        wait = ("WAIT", self._replicas, WAIT_MS)
        if isinstance(self._client, RedisCluster):
            await self._client.initialize()
            node = self._client.get_node_from_key(keys[0])
            if node is None:
                raise DependencyUnavailable("redis")
            both = [PipelineCommand(0, *command), PipelineCommand(1, *wait)]
            await node.execute_pipeline(both)
            return [each.result for each in both]
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.execute_command(*command)
            pipe.execute_command(*wait)
            return list(await pipe.execute(raise_on_error=False))
