"""The Redis (or Valkey) client of a service: short deadlines, and one exception when it is not there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

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


RedisClient = Redis


class Script:
    """A Lua script, called by its hash; loaded again where the server does not know it (NOSCRIPT)."""

    def __init__(self, client: Redis, source: str) -> None:
        self._client = client
        self._script: AsyncScript = client.register_script(source)

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """Raises: DependencyUnavailable."""
        async with outages(self._client):
            return await self._script(keys=keys, args=args)

    async def about(self, echo: bytes, keys: list[str], *args: str | bytes | int) -> list[Any]:
        """The answer of a script that gets `echo` as its first argument and gives it back first; the rest of it.

        A cancelled command once left its reply for the next caller (CVE-2023-28858): an answer about something else
        is no answer. Raises: DependencyUnavailable.
        """
        answer = await self(keys, [echo, *args])
        if answer[0] != echo:
            raise DependencyUnavailable("redis")
        return list(answer[1:])


def epoch_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def from_epoch_ms(ms: int | bytes) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)


async def redis_answers(client: Redis) -> bool:
    """Raises: DependencyUnavailable."""
    async with outages(client):
        return bool(await client.ping())


@asynccontextmanager
async def outages(client: Redis) -> AsyncIterator[None]:
    """After a restart of the server every idle connection is dead, and each would fail one call: the first that is
    found so takes the others along."""
    try:
        yield
    except (RedisError, OSError) as error:
        if isinstance(error, RedisConnectionError | RedisTimeoutError | OSError):
            await client.connection_pool.disconnect(inuse_connections=False)
        raise DependencyUnavailable("redis") from error
