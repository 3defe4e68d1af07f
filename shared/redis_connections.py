"""How redis-py is made to connect by one TLS context of ours, and to tell why a Sentinel was of no use.

By itself it makes one for each connection, and each reads the system's authorities anew: 20 ms on the event loop, 5 s
for the 256 connections that come back after a restart of Redis.
"""

from ssl import SSLContext
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import SSLConnection
from redis.asyncio.sentinel import SentinelConnectionPool, SentinelManagedConnection
from redis.exceptions import RedisError

from shared.redis_refusals import tell_refusal


class TlsConnection(SSLConnection):
    """`context` says what is verified; whatever else redis-py is told about certificates counts for nothing."""

    def __init__(self, *, context: SSLContext, **options: Any) -> None:
        super().__init__(**options)
        self.ssl_context.context = context


class _SentinelTlsConnection(SentinelManagedConnection, TlsConnection):
    """To the primary that the Sentinels name."""


class AskedSentinel(Redis):
    """Tells why it was of no use. redis-py goes on to the next, and of the last says only that there was none."""

    async def sentinel_masters(self) -> Any:
        try:
            return await super().sentinel_masters()
        except RedisError as error:
            where = self.connection_pool.connection_kwargs
            tell_refusal(self, error, f"sentinel {where['host']}:{where['port']}")
            raise


class SentinelPool(SentinelConnectionPool):
    """Closes the connections to the Sentinels with its own."""

    async def aclose(self) -> None:
        await super().aclose()
        await self.sentinel_manager.aclose()


def connect_by(context: SSLContext, client: Redis | RedisCluster) -> None:
    """Before it has connected. What it makes later (a cluster's new nodes) connects so too."""
    if isinstance(client, RedisCluster):
        client.connection_kwargs |= {"connection_class": TlsConnection, "context": context}
        for node in client.startup_nodes:
            node.connection_class = TlsConnection
            node.connection_kwargs["context"] = context
    else:
        pool = client.connection_pool
        pool.connection_class = _SentinelTlsConnection if isinstance(pool, SentinelPool) else TlsConnection
        pool.connection_kwargs["context"] = context
