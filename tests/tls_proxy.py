"""TLS in front of a server that knows none: the Valkey of the tests is built without it."""

import asyncio
import ssl
from typing import Final, Self

from tests.tcp_proxy import TcpProxy

_HANDSHAKE: Final = b"\x16"  # RFC 8446 §5.1


class TlsProxy(TcpProxy):
    """Whoever does not begin with a handshake is passed on as he is: so one port, which Sentinels and the nodes of a
    cluster tell to clients, serves those with TLS, and themselves without."""

    def __init__(self, target_port: int, context: ssl.SSLContext) -> None:
        super().__init__(target_port)
        self._context = context
        self.secured = 0

    async def __aenter__(self) -> Self:
        await self._begin()
        return await super().__aenter__()

    async def __aexit__(self, *exc: object) -> None:
        await super().__aexit__(*exc)
        await self._behind.__aexit__(*exc)

    async def show(self, context: ssl.SSLContext) -> None:
        """Another certificate, to all: whoever was connected by TLS is not any more."""
        self._context = context
        await self._behind.__aexit__()
        await self._begin()

    async def _begin(self) -> None:
        self._behind = await TcpProxy(self._target_port, tls=self._context).__aenter__()

    async def _whither(self, client: asyncio.StreamReader) -> tuple[int, bytes]:
        begun = await client.read(1)
        if begun != _HANDSHAKE:
            return self._target_port, begun
        self.secured += 1
        return self._behind.port, begun
