"""Open streams of a challenge's changes, and how soon a change is on them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice

from aiohttp import ClientResponse, ClientSession, ClientTimeout

from services.otp.domain.challenge import ChallengeRef
from tests.bench.load import arrivals

GIVE_UP_S = 10.0  # longer than a group takes to share its partitions out anew
OPEN_AT_ONCE = 20


@dataclass(eq=False)
class Stream:
    """`elsewhere`: the challenge at another instance. `text` is in the awaited line and in none before it."""

    ref: ChallengeRef
    url: str
    headers: Mapping[str, str]
    elsewhere: str = ""
    text: bytes = b""
    heard: "asyncio.Future[float]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def expect(self, text: bytes) -> "asyncio.Future[float]":
        """When it came."""
        self.text, self.heard = text, asyncio.get_running_loop().create_future()
        return self.heard

    async def listen(self, response: ClientResponse) -> None:
        async for line in response.content:
            if self.text in line and line.strip() and not self.heard.done():
                self.heard.set_result(time.monotonic())


@asynccontextmanager
async def opened(http: ClientSession, streams: Sequence[Stream]) -> AsyncIterator[None]:
    """All of them, each once it has said how the challenge stands."""
    at_once = asyncio.Semaphore(OPEN_AT_ONCE)
    listening: list[asyncio.Task[None]] = []

    async def open_one(stream: Stream) -> None:
        async with at_once:
            response = await http.get(stream.url, headers=stream.headers, timeout=ClientTimeout(total=None))
            response.raise_for_status()
            listening.append(asyncio.create_task(stream.listen(response)))
            async with asyncio.timeout(GIVE_UP_S):
                await stream.heard

    try:
        await asyncio.gather(*map(open_one, streams))
        yield
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)


Cause = Callable[[Stream], tuple[bytes, Awaitable[object]]]
"""Of the next change of a stream's challenge: what its line will hold, and what brings it about."""


async def pushes(streams: Sequence[Stream], cause: Cause, count: int, rate: float) -> list[float]:
    """Milliseconds from before the cause to the line on the stream, sorted."""
    turns, begun, running = cycle(streams), time.monotonic(), []
    for at in islice(arrivals(rate, count, seed=1), count):
        await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
        running.append(asyncio.create_task(_push(next(turns), cause)))
    return sorted(await asyncio.gather(*running))


async def _push(stream: Stream, cause: Cause) -> float:
    text, happens = cause(stream)
    heard, begun = stream.expect(text), time.monotonic()
    await happens
    async with asyncio.timeout(GIVE_UP_S):
        return (await heard - begun) * 1000
