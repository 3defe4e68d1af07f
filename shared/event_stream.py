"""An answer that goes on as events come, and that gives back all it holds when its reader goes away."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final, Self

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.unavailable import DependencyUnavailable

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the second: nginx holds nothing back


class EventStream(StreamingResponse):
    media_type = "text/event-stream"

    def __init__(self, first: bytes, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(_all(first, events), headers=_HEADERS)
        self._events = events

    @classmethod
    async def begun(cls, events: AsyncGenerator[bytes, None], source: str) -> Self:
        """Waits for the first: what is missing can still be told by the status. `source`: what must be there for one.

        Raises: DependencyUnavailable.
        """
        first = await anext(events, None)
        if first is None:
            raise DependencyUnavailable(source)
        return cls(first, events)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()


async def _all(first: bytes, events: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    with suppress(DependencyUnavailable):  # it is lost: whoever calls again is told by the status
        async for event in events:
            yield event
