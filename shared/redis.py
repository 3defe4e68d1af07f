"""The Redis (or Valkey) client of a service: short deadlines, and one exception when it is not there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Any, Final

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MaxConnectionsError, ReadOnlyError, RedisClusterException, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.redis_access import RedisAccess
from shared.redis_connections import AskedSentinel, SentinelPool, connect_by
from shared.redis_refusals import tell_refusal
from shared.redis_url import Kind, RedisUrl
from shared.unavailable import DependencyUnavailable

CONNECT_TIMEOUT_S: Final = 1.0
COMMAND_TIMEOUT_S: Final = 2.0
# One that hangs is passed over while there is time left to ask the next two.
SENTINEL_TIMEOUT_S: Final = 0.5
# Whatever a call is made of: asking who the primary is, connecting, being redirected, waiting for replicas.
CALL_TIMEOUT_S: Final = 3.0
MAX_CONNECTIONS: Final = 256

RedisClient = Redis | RedisCluster
OUTAGES: Final = (RedisError, RedisClusterException, OSError)


def redis_client(url: str, access: RedisAccess | None = None) -> RedisClient:
    """For a URL as `RedisUrl` reads it; connects when it is first used. Raises: ValueError, as `TlsFiles` does.

    Commands are never retried by the client: a script that counts must not run twice for one call.
    """
    where, access = RedisUrl.parse(url), access or RedisAccess()
    context = access.tls.context() if where.tls else None
    options: dict[str, Any] = {
        "username": where.username,
        "password": where.password,
        "ssl": where.tls,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": COMMAND_TIMEOUT_S,
        "max_connections": MAX_CONNECTIONS,
        "retry": Retry(NoBackoff(), 0),
    }
    client: RedisClient
    match where.kind:
        case Kind.CLUSTER:
            client = RedisCluster(startup_nodes=[ClusterNode(host, port) for host, port in where.hosts], **options)
        case Kind.SENTINEL:
            sentinels = _sentinels(where, access, context)
            pool: Any = SentinelPool(where.master, sentinels, db=where.db, **options)  # type: ignore[no-untyped-call]
            client = Redis.from_pool(pool)
        case Kind.STANDALONE:
            ((host, port),) = where.hosts
            client = Redis(host=host, port=port, db=where.db, **options)
    if context is not None:
        connect_by(context, client)
    return client


def _sentinels(where: RedisUrl, access: RedisAccess, context: SSLContext | None) -> Any:
    """redis-py's Sentinel, which has no types."""
    made: Any = Sentinel(())  # type: ignore[no-untyped-call]
    for host, port in where.hosts:
        asked = AskedSentinel(
            host=host,
            port=port,
            username=access.sentinel_username,
            password=access.sentinel_password,
            ssl=where.tls,
            socket_connect_timeout=SENTINEL_TIMEOUT_S,
            socket_timeout=SENTINEL_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        if context is not None:
            connect_by(context, asked)
        made.sentinels.append(asked)
    return made


@asynccontextmanager
async def outages(client: RedisClient) -> AsyncIterator[None]:
    """Raises: DependencyUnavailable, for whatever keeps Redis from answering."""
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            yield
    except OUTAGES as error:
        raise await unavailable(client, error) from error


async def unavailable(client: RedisClient, error: Exception) -> DependencyUnavailable:
    """What is raised in the place of one of OUTAGES.

    After a restart of the server every idle connection is dead, and after a failover without a Sentinel each may lead
    to what is no primary any more. Each would fail one call: the first that is found so takes the others along. (A
    cluster's client does that by itself.)
    """
    tell_refusal(client, error)
    gone = RedisConnectionError | RedisTimeoutError | ReadOnlyError | OSError
    broken = isinstance(error, gone) and not isinstance(error, MaxConnectionsError)
    if broken and isinstance(client, Redis):
        await client.connection_pool.disconnect(inuse_connections=False)
    return DependencyUnavailable("redis")
