"""In SendGrid's place: takes the time of each mail and answers 202. Bare, so that it measures and does not weigh."""

import asyncio
import re
import socket
import time
from collections.abc import Callable
from typing import cast

from deploy.local.ports import LOOPBACK

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nX-Message-Id: bench\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ACCOUNT = re.compile(rb"bench-(\d+)@")
_STARTED = re.compile(rb'"started":(\d+)')
_CODE = re.compile(rb"@[\w.]+ #(\d{6,8})")  # the last line of the text, for the browser that fills it in

Mail = Callable[[int, int | None, int, str | None], None]
"""Account number, start in ns when the mail itself carries it (the floor's do), arrival in ns, the code in it."""


def listen() -> socket.socket:
    """Bound and listening: whoever only knocks to see whether we are there is content before `serve` runs."""
    return socket.create_server((LOOPBACK, 0), backlog=512)


async def serve(listening: socket.socket, on_mail: Mail) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(lambda: _Connection(on_mail), sock=listening)


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with Content-Length, as aiohttp's client speaks it."""

    def __init__(self, on_mail: Mail) -> None:
        self._on_mail = on_mail
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (body := self._next_body()) is not None:
            now = time.monotonic_ns()
            assert self._transport is not None
            self._transport.write(ACCEPTED)
            account, started = _ACCOUNT.search(body), _STARTED.search(body)
            if account is not None:
                code = _CODE.search(body)
                given = code[1].decode() if code else None
                self._on_mail(int(account[1]), int(started[1]) if started else None, now, given)

    def _next_body(self) -> bytes | None:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = _LENGTH.search(self._received, 0, end)
        until = end + 4 + (int(length[1]) if length else 0)
        if len(self._received) < until:
            return None
        body, self._received = self._received[end + 4 : until], self._received[until:]
        return body
