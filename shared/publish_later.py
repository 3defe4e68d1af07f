"""Publish without making anybody wait, and keep what cannot be published just now."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Final, Generic, TypeVar

import structlog

from shared.ending import ended
from shared.events import Event
from shared.unavailable import DependencyUnavailable

E = TypeVar("E", bound=Event)

# 16 at 5 ms each are 3,200 a second. 10,000 waiting events of about 2 kB are 20 MB, and at 100 a second they outlast
# 100 s without Kafka.
IN_FLIGHT: Final = 16
KEPT: Final = 10_000
AGAIN_S: Final = 1.0

_log = structlog.get_logger()


class PublishLater(Generic[E]):
    """A bounded queue in memory: a full one drops its oldest event, and `lost` is told of each that is dropped.

    Each event is published in the context, and so in the trace, that it was given in. Needs a running loop.
    """

    def __init__(
        self,
        publish: Callable[[E], Awaitable[None]],
        lost: Callable[[E], None],
        kept: int = KEPT,
        again_s: float = AGAIN_S,
    ) -> None:
        self._publish = publish
        self._lost = lost
        self._kept = kept
        self._again_s = again_s
        self._waiting: deque[tuple[E, Context]] = deque()
        self._in_flight: dict[asyncio.Task[None], E] = {}

    def __call__(self, event: E) -> None:
        """Returns at once and raises nothing."""
        if len(self._waiting) >= self._kept:
            self._lost(self._waiting.popleft()[0])
        self._waiting.append((event, copy_context()))
        self._start()

    async def stop(self, deadline_s: float) -> None:
        """Publish what can be published until then; the rest is lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                while self._in_flight:
                    await asyncio.wait(self._in_flight)
        while self._waiting:
            self._lost(self._waiting.popleft()[0])
        await ended(*self._in_flight)

    def _start(self) -> None:
        while self._waiting and len(self._in_flight) < IN_FLIGHT:
            event, context = self._waiting.popleft()
            task = asyncio.create_task(self._keep_trying(event), context=context)
            self._in_flight[task] = event
            task.add_done_callback(self._finished)

    async def _keep_trying(self, event: E) -> None:
        while True:
            try:
                return await self._publish(event)
            except DependencyUnavailable:
                await asyncio.sleep(self._again_s)

    def _finished(self, task: asyncio.Task[None]) -> None:
        event = self._in_flight.pop(task)
        if task.cancelled():
            self._lost(event)
        elif (error := task.exception()) is not None:
            _log.error("event_not_published", event_id=event.id, exc_info=error)
            self._lost(event)
        self._start()
