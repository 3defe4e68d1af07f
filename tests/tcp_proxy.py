"""A TCP proxy in front of a server that delays, holds, cuts and half-closes on command."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Self

from deploy.local.ports import LOOPBACK


class TcpProxy:
    """`delay()` gives the seconds that each piece of an answer is held back; requests pass at once. With `tls` it is
    what clients see, and the server hears plain text."""

    def __init__(
        self, target_port: int, delay: Callable[[], float] = lambda: 0.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._target_port = target_port
        self.delay = delay
        self._tls = tls
        self._open = asyncio.Event()
        self._open.set()
        self._to_clients: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        self.cut()
        self.release()  # into nothing: who waited there finds the connection gone
        await asyncio.gather(*self._tasks)

    def hold(self) -> None:
        """Nothing passes either way until `release`; connections stay open."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def cut(self) -> None:
        """Reset every connection, whatever is under way on it."""
        for writer in self._to_clients:
            writer.transport.abort()

    def half_close(self) -> None:
        """Clients read an end of file and may go on writing."""
        for writer in self._to_clients:
            if writer.can_write_eof() and not writer.is_closing():
                writer.write_eof()

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._to_clients.add(to_client)
        try:
            port, begun = await self._whither(client)
            server, to_server = await asyncio.open_connection(LOOPBACK, port)
            to_server.write(begun)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass(client, to_server, lambda: 0.0))
                    both.create_task(self._pass(server, to_client, lambda: self.delay()))
            finally:
                to_server.transport.abort()
        except* (OSError, RuntimeError):
            pass
        finally:
            to_client.transport.abort()
            self._to_clients.discard(to_client)
            self._tasks.discard(task)

    async def _whither(self, _client: asyncio.StreamReader) -> tuple[int, bytes]:
        """To which port, and what has been read of the client to know it."""
        return self._target_port, b""

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: Callable[[], float]) -> None:
        """Ends both ways by raising when one of them has ended."""
        while piece := await source.read(65_536):
            await asyncio.sleep(delay())
            await self._open.wait()
            sink.write(piece)
            await sink.drain()
        raise ConnectionResetError
