"""Redis as clients see it by TLS: alone, behind a Sentinel, as a cluster."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from deploy.local.ports import LOOPBACK
from deploy.local.valkey import Valkey
from tests.certificates import Authority
from tests.redis_rights import PASSWORD, restrict
from tests.redis_servers import PRIMARY_NAME, SentinelServer, ask, follow, valkey_at, valkey_cluster
from tests.tls_proxy import TlsProxy
from tests.wait_until import wait_until


class Secured:
    """`ways`: what a client needs, one after the other; each is one server or several that do alike. `primary`: the
    server itself, where there is one."""

    def __init__(self, url: str, ways: Sequence[Sequence[TlsProxy]], primary: Valkey | None = None) -> None:
        self.url, self.ways, self.primary = url, ways, primary

    @property
    def proxies(self) -> list[TlsProxy]:
        return [proxy for way in self.ways for proxy in way]

    async def show(self, context: ssl.SSLContext, way: int | None = None) -> None:
        """Another certificate, on one way or on all."""
        for proxy in self.proxies if way is None else self.ways[way]:
            await proxy.show(context)


@asynccontextmanager
async def alone(directory: Path, context: ssl.SSLContext) -> AsyncIterator[Secured]:
    async with valkey_at(directory) as server, TlsProxy(server.port or 0, context) as proxy:
        yield Secured(f"rediss://{LOOPBACK}:{proxy.port}/0", [[proxy]], server)


@asynccontextmanager
async def watched(directory: Path, context: ssl.SSLContext, password: str | None = None) -> AsyncIterator[Secured]:
    """`password`: of the Sentinel."""
    async with valkey_at(directory / "a") as server, TlsProxy(server.port or 0, context) as primary:
        sentinel = SentinelServer(directory / "sentinel", primary.port, quorum=1, password=password)
        sentinel.down_after_ms = 60_000  # it is not what is tested when connections are cut or held
        await asyncio.to_thread(sentinel.start)
        try:
            async with TlsProxy(sentinel.port or 0, context) as asked:
                yield Secured(f"rediss+sentinel://{LOOPBACK}:{asked.port}/{PRIMARY_NAME}", [[asked], [primary]], server)
        finally:
            await asyncio.to_thread(sentinel.close)


@asynccontextmanager
async def cluster(directory: Path, context: ssl.SSLContext) -> AsyncIterator[Secured]:
    async with valkey_cluster(directory) as made, AsyncExitStack() as stack:
        proxies = []
        for server in made.primaries:
            proxies.append(await stack.enter_async_context(TlsProxy(server.port or 0, context)))
            await ask(server, "CONFIG", "SET", "cluster-announce-port", proxies[-1].port)
        ports = {proxy.port for proxy in proxies}

        async def told() -> bool:
            slots = [part for server in made.primaries for part in await ask(server, "CLUSTER", "SLOTS")]
            return {primary[1] for _, _, primary, *_ in slots} == ports

        await wait_until(told, within_s=20)
        yield Secured("rediss+cluster://" + ",".join(f"{LOOPBACK}:{port}" for port in ports), [proxies])


class Guarded:
    """As an operator with care has it: a primary with a replica and a Sentinel with a password, by TLS to clients with
    certificates alone, and a user with the rights of docs/redis.md."""

    def __init__(self, secured: Secured, authority: Authority, user: str) -> None:
        assert secured.primary is not None
        self.primary = secured.primary
        files = authority.sign("127.0.0.3")
        self.settings: dict[str, Any] = {
            "redis_url": secured.url.replace("://", f"://{user}:{PASSWORD}@"),
            "redis_ca_file": files.ca,
            "redis_cert_file": files.cert,
            "redis_key_file": files.key,
            "redis_sentinel_password": PASSWORD,
        }


@asynccontextmanager
async def guarded(directory: Path, user: str) -> AsyncIterator[Guarded]:
    authority = Authority(directory / "authority")
    async with watched(directory, authority.server(of_clients=True), PASSWORD) as secured:
        made = Guarded(secured, authority, user)
        await restrict([made.primary], user)
        async with valkey_at(directory / "b") as replica:
            await follow(replica, made.primary.port or 0)
            yield made
