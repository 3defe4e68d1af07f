"""In SendGrid's place: takes the time of each mail and answers 202, at once or after a while. Bare, so that it measures
and does not weigh."""

import asyncio
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from deploy.local.ports import LOOPBACK

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nX-Message-Id: bench\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ACCOUNT = re.compile(rb"bench-(\d+)@")
_STARTED = re.compile(rb'"started":(\d+)')
_CODE = re.compile(rb"@[\w.]+ #(\d{6,8})")  # the last line of the text, for the browser that fills it in

Mail = Callable[[int, int | None, int, str | None], None]
"""Account number, start in ns when the mail itself carries it (the floor's do), arrival in ns, the code in it."""


@dataclass
class Provider:
    """`delay_s`: from a mail to its answer. `others`: mails so far that went to no account of the bench. While it
    `hangs`, mails are neither answered nor sent; `hung`: so many so far."""

    on_mail: Mail
    delay_s: float = 0.0
    others: int = 0
    hangs: bool = False
    hung: int = 0


def listen() -> socket.socket:
    """Bound and listening: whoever only knocks to see whether we are there is content before `serve` runs."""
    return socket.create_server((LOOPBACK, 0), backlog=512)


async def serve(listening: socket.socket, provider: Provider) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(lambda: _Connection(provider), sock=listening)


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with Content-Length, as aiohttp's client speaks it."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (body := self._next_body()) is not None:
            now = time.monotonic_ns()
            if self._provider.hangs:
                self._provider.hung += 1
                continue
            if self._provider.delay_s:
                asyncio.get_running_loop().call_later(self._provider.delay_s, self._answer)
            else:
                self._answer()
            account, started = _ACCOUNT.search(body), _STARTED.search(body)
            if account is None:
                self._provider.others += 1
            else:
                code = _CODE.search(body)
                given = code[1].decode() if code else None
                self._provider.on_mail(int(account[1]), int(started[1]) if started else None, now, given)

    def _answer(self) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(ACCEPTED)

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
