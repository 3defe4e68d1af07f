"""Many requests for little CPU: aiohttp's client takes 130 µs each (FACTS), as much as the routes that are measured."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Talk(Protocol):
    """What one connection has to say; lives longer than the connection."""

    def request(self) -> bytes: ...

    def heard(self, body: bytes) -> None:
        """The body of the answer with 200."""


@dataclass
class Repeated:
    requests: Iterator[bytes]

    def request(self) -> bytes:
        return next(self.requests)

    def heard(self, body: bytes) -> None:
        pass


@dataclass
class Refreshing:
    """A session: each token buys the next."""

    token: str

    def request(self) -> bytes:
        return post("/v1/tokens/refresh", {"refresh_token": self.token})

    def heard(self, body: bytes) -> None:
        self.token = json.loads(body)["refresh_token"]


@dataclass
class Volley:
    """Requests that followed each other on each connection. `milliseconds` of those answered with 200, sorted."""

    seconds: float
    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[bytes] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    @property
    def p50(self) -> float:
        return self.milliseconds[len(self.milliseconds) // 2]

    @property
    def refused(self) -> int:
        return self.statuses.total() - self.statuses[b"200"]


@dataclass
class Typing:
    """Codes that must all be judged alike."""

    requests: Iterator[bytes]
    verdict: bytes

    def request(self) -> bytes:
        if (request := next(self.requests, None)) is None:  # a StopIteration would be lost in the event loop
            raise RuntimeError("no codes are left: more were judged a second than anybody thought of")
        return request

    def heard(self, body: bytes) -> None:
        if b'"verdict":"%s"' % self.verdict not in body:
            raise RuntimeError(f"not {self.verdict.decode()}: {body.decode()}")


def get(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post(path: str, content: dict[str, Any], token: str = "") -> bytes:
    body = json.dumps(content)
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    authorization = f"\r\nAuthorization: Bearer {token}" if token else ""
    return f"{head}{authorization}\r\n\r\n{body}".encode()


async def volley(url: str, talks: Sequence[Talk], seconds: float) -> Volley:
    """A connection for each talk, which sends its next request as soon as the answer is there."""
    address, result, until = urlsplit(url), Volley(seconds), time.monotonic() + seconds
    clients = [_Connection(talk, until, result) for talk in talks]
    waiting = iter(clients)
    for _ in clients:
        await asyncio.get_running_loop().create_connection(
            lambda: next(waiting), str(address.hostname), int(address.port or 80)
        )
    await asyncio.gather(*(client.over for client in clients))
    result.milliseconds.sort()
    if not result.milliseconds:
        raise RuntimeError(f"not one request succeeded: {dict(result.statuses)}")
    return result


class _Connection(asyncio.Protocol):
    def __init__(self, talk: Talk, until: float, result: Volley) -> None:
        self._talk = talk
        self._until = until
        self._result = result
        self._received = b""
        self._sent = 0.0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._send()

    def _send(self) -> None:
        request = self._talk.request()
        self._sent = time.monotonic()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end) if end >= 0 else None
        if end < 0 or len(self._received) < end + 4 + (int(length[1]) if length else 0):
            return
        now, status, body = time.monotonic(), self._received[9:12], self._received[end + 4 :]
        self._received = b""
        self._result.statuses[status] += 1
        if status == b"200":
            self._talk.heard(body)
            self._result.milliseconds.append((now - self._sent) * 1000)
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self.over.done():
            return
        if error is None and time.monotonic() >= self._until:
            self.over.set_result(None)
        else:
            self.over.set_exception(error or ConnectionError("the server closed the connection"))
