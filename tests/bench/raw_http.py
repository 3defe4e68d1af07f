"""Many requests for little CPU: aiohttp's client takes 130 µs each (FACTS), as much as the routes that are measured."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Volley:
    """Answers to requests that followed each other on a few connections. `milliseconds` sorted, of those with 200."""

    seconds: float
    milliseconds: list[float]
    statuses: Counter[bytes] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    @property
    def refused(self) -> int:
        return self.statuses.total() - self.statuses[b"200"]


def get(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


async def volley(url: str, requests: Iterator[bytes], seconds: float, connections: int = 16) -> Volley:
    """Each connection sends the next of `requests` as soon as its answer is there."""
    loop, address = asyncio.get_running_loop(), urlsplit(url)
    result = Volley(seconds, [])
    until = time.monotonic() + seconds
    clients = [_Connection(requests, until, result) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, address.hostname, address.port)  # type: ignore[misc]
    await asyncio.gather(*(client.over for client in clients))
    result.milliseconds.sort()
    return result


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], until: float, result: Volley) -> None:
        self._requests = requests
        self._until = until
        self._result = result
        self._received = b""
        self._sent = 0.0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._send()

    def _send(self) -> None:
        self._sent = time.monotonic()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end) if end >= 0 else None
        if end < 0 or len(self._received) < end + 4 + (int(length[1]) if length else 0):
            return
        now, status = time.monotonic(), self._received[9:12]
        self._received = b""
        if now >= self._until:
            self._transport.close()
            return
        self._result.statuses[status] += 1
        if status == b"200":
            self._result.milliseconds.append((now - self._sent) * 1000)
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None) if error is None else self.over.set_exception(error)
