"""The Redis (or Valkey) client of a service: short deadlines, and one exception when it is not there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisClusterException, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.redis_url import Kind, RedisUrl
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()

CONNECT_TIMEOUT_S: Final = 1.0
COMMAND_TIMEOUT_S: Final = 2.0
MAX_CONNECTIONS: Final = 256
NO_EVICTION: Final = "noeviction"

RedisClient = Redis | RedisCluster


def redis_client(url: str) -> RedisClient:
    """For a URL as `RedisUrl` reads it; connects when it is first used.

    Commands are never retried by the client: a script that counts must not run twice for one call.
    """
    where = RedisUrl.parse(url)
    options: dict[str, Any] = {
        "username": where.username,
        "password": where.password,
        "ssl": where.tls,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": COMMAND_TIMEOUT_S,
        "max_connections": MAX_CONNECTIONS,
    }
    never = Retry(NoBackoff(), 0)
    match where.kind:
        case Kind.CLUSTER:
            nodes = [ClusterNode(host, port) for host, port in where.hosts]
            return RedisCluster(startup_nodes=nodes, retry=never, **options)
        case Kind.SENTINEL:
            # What the sentinels are asked is answered at once or not at all; they have credentials of their own.
            asked = {name: options[name] for name in ("ssl", "socket_connect_timeout", "socket_timeout")}
            sentinels: Any = Sentinel(  # type: ignore[no-untyped-call]
                where.hosts, sentinel_kwargs=asked | {"retry": never}, **options, retry=never
            )
            primary: Redis = sentinels.master_for(where.master, db=where.db)
            return primary
        case Kind.STANDALONE:
            ((host, port),) = where.hosts
            return Redis(host=host, port=port, db=where.db, retry=never, **options)


def epoch_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def from_epoch_ms(ms: int | bytes) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)


async def redis_fit(client: RedisClient) -> bool:
    """Whether every primary answers and evicts nothing: an evicted count of guesses is a fresh budget.

    Raises: DependencyUnavailable.
    """
    async with outages(client):
        if isinstance(client, RedisCluster):
            nodes = [dict(each) for each in await _memory_of_primaries(client)]
        else:
            nodes = [await client.info("memory")]
    unfit = {node["maxmemory_policy"] for node in nodes} - {NO_EVICTION}
    if unfit:
        _log.error("redis_evicts", maxmemory_policy=sorted(unfit), needed=NO_EVICTION)
    return not unfit


async def _memory_of_primaries(client: RedisCluster) -> list[dict[str, Any]]:
    await client.initialize()
    return [await client.info("memory", target_nodes=node) for node in client.get_primaries()]


@asynccontextmanager
async def outages(client: RedisClient) -> AsyncIterator[None]:
    """Raises: DependencyUnavailable, for whatever keeps Redis from answering.

    After a restart of the server every idle connection is dead, and after a failover without a Sentinel each may lead
    to what is no primary any more. Each would fail one call: the first that is found so takes the others along. (A
    cluster's client does that by itself.)
    """
    try:
        yield
    except (RedisError, RedisClusterException, OSError) as error:
        broken = isinstance(error, RedisConnectionError | RedisTimeoutError | ReadOnlyError | OSError)
        if broken and isinstance(client, Redis):
            await client.connection_pool.disconnect(inuse_connections=False)
        raise DependencyUnavailable("redis") from error
