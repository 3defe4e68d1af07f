"""How many calls are under way to one provider, within a limit that follows how it does."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from services.notifier.domain.adaptive_limit import AdaptiveLimit
from shared.telemetry import meter

_limit: Final = meter.create_gauge("gatepost.mail.provider.window", description="calls that may be under way at once")


LEFT_FOR_OTHERS: Final = 0.25  # of the window: who is in no hurry leaves it to who is


class NoRoom(Exception):
    """Nothing became free in time."""


class CallWindow:
    """First come, first served; but whoever is in no hurry comes after who is, and never fills it."""

    def __init__(self, provider: str, limit: AdaptiveLimit) -> None:
        self._labels = {"provider": provider}
        self._limit = limit
        self._under_way = 0
        self._hurried: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def room(self, within_s: float, *, hurried: bool = True) -> AsyncIterator[None]:
        """Raises: NoRoom."""
        waiting = self._hurried if hurried else self._others
        if waiting or not self._has_room(hurried):
            await self._wait(waiting, within_s)
        else:
            self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._admit()

    def learn(self, *, kept_up: bool) -> None:
        if kept_up:
            self._limit.kept_up()
        else:
            self._limit.fell_behind()
        _limit.set(self._limit.calls, self._labels)

    def _has_room(self, hurried: bool) -> bool:
        left = 0 if hurried else max(1, int(self._limit.calls * LEFT_FOR_OTHERS))
        return self._under_way < self._limit.calls - left

    async def _wait(self, waiting: deque[asyncio.Future[None]], within_s: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            async with asyncio.timeout(within_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # our turn came in the moment we left
                self._under_way -= 1
                self._admit()
            else:
                with suppress(ValueError):  # passed over already
                    waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise NoRoom from None
            raise

    def _admit(self) -> None:
        for hurried, waiting in ((True, self._hurried), (False, self._others)):
            while waiting and self._has_room(hurried):
                turn = waiting.popleft()
                if not turn.done():
                    self._under_way += 1
                    turn.set_result(None)
