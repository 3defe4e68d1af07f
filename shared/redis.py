"""The Redis (or Valkey) client of a service: short deadlines, and one exception when it is not there."""

from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from shared.unavailable import DependencyUnavailable

CONNECT_TIMEOUT_S: Final = 1.0
COMMAND_TIMEOUT_S: Final = 2.0


def redis_client(url: str) -> Redis:
    """Commands are never retried by the client: a script that counts must not run twice for one call."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=256,
    )


class Script:
    """A Lua script, called by its hash; loaded again where the server does not know it (NOSCRIPT)."""

    def __init__(self, client: Redis, source: str) -> None:
        self._script: AsyncScript = client.register_script(source)

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """Raises: DependencyUnavailable."""
        try:
            return await self._script(keys=keys, args=args)
        except (RedisError, OSError) as error:
            raise DependencyUnavailable("redis") from error


async def redis_answers(client: Redis) -> bool:
    return bool(await client.ping())
