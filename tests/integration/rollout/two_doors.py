"""An Apache Kafka with a second door, behind a proxy: whoever comes in by that one can be cut off alone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.apache_kafka import ApacheKafka
from deploy.local.ports import LOOPBACK, free_port
from shared.create_topics import create_topics
from tests.tcp_proxy import TcpProxy


class _TwoDoors(ApacheKafka):
    """Clients go on where they came in: each door tells its own address."""

    def __init__(self, directory: Path, second_port: int, proxy_port: int) -> None:
        super().__init__(directory / "data", free_port(), directory / "logs", controller_port=free_port())
        self._second_port = second_port
        self._proxy_port = proxy_port

    def _settings(self) -> Iterator[str]:
        second = {
            "listeners": f"SECOND://{LOOPBACK}:{self._second_port}",
            "advertised.listeners": f"SECOND://{LOOPBACK}:{self._proxy_port}",
            "listener.security.protocol.map": "SECOND:PLAINTEXT,CONTROLLER:PLAINTEXT",
        }
        for line in super()._settings():
            more = second.get(line.partition("=")[0])
            yield f"{line},{more}" if more else line
        yield "inter.broker.listener.name=PLAINTEXT"


@asynccontextmanager
async def two_doors(directory: Path) -> AsyncIterator[tuple[str, TcpProxy]]:
    """The address of the first door, and the proxy in front of the second."""
    second_port = free_port()
    async with TcpProxy(second_port) as proxy:
        kafka = _TwoDoors(directory, second_port, proxy.port)
        await asyncio.to_thread(kafka.start)
        try:
            await create_topics(kafka.bootstrap, partitions=4, replication=1)
            yield kafka.bootstrap, proxy
        finally:
            await asyncio.to_thread(kafka.close)
