"""What is due, done by one instance at a time: every `every_s` seconds, in rounds.

The leader holds a lock that ends with its database session, and asks that session for the time before each round: an
answer proves that the lock was still held. That is for economy; that nothing is done twice is seen to by the versions
of regions, changes and plans. A leader whose own clock does not agree with the database's does nothing, since one of
the two is wrong, and tells so.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()
_apart = meter.create_gauge(
    "gatepost.rollout.clock.apart", unit="s", description="by how much our clock is ahead of the database's"
)

AGREED: Final = timedelta(seconds=5)

Round = Callable[[datetime], Awaitable[None]]


def seldom(work: Callable[[], Awaitable[None]], every_s: float) -> Round:
    """A round in which there is something to do only so often."""
    due_at = 0.0

    async def look(_: datetime) -> None:
        nonlocal due_at
        if time.monotonic() >= due_at:
            due_at = time.monotonic() + every_s
            await work()

    return look


class LeaderSession(Protocol):
    """One database session. Leadership ends with it at the latest; every method raises DependencyUnavailable."""

    async def lead(self) -> bool:
        """Try to become the leader; False: somebody else is."""

    async def now(self) -> datetime:
        """By the database's clock."""


class Leadership(Protocol):
    def session(self) -> AbstractAsyncContextManager[LeaderSession]: ...


class Scheduler:
    """`rounds`: what is done in each, one after the other; what goes wrong in one does not keep the others."""

    def __init__(
        self, leadership: Leadership, rounds: Sequence[Round], clock: Callable[[], datetime], every_s: float = 1.0
    ) -> None:
        self._leadership = leadership
        self._rounds = rounds
        self._clock = clock
        self._every_s = every_s

    async def run(self) -> None:
        """For ever. Whatever goes wrong with the session ends it, so that an instance that fares better may lead."""
        while True:
            try:
                async with self._leadership.session() as session:
                    await self._take_part(session)
            except DependencyUnavailable as error:
                _log.warning("scheduler_waits", dependency=error.dependency)
            except Exception as error:
                _log.error("scheduler_failed", exc_info=error)
            await asyncio.sleep(self._every_s)

    async def _take_part(self, session: LeaderSession) -> None:
        while not await session.lead():
            await asyncio.sleep(self._every_s)
        _log.info("scheduler_leads")
        while True:
            await self._look(await session.now())
            await asyncio.sleep(self._every_s)

    async def _look(self, told: datetime) -> None:
        """The earlier of the two clocks: both must say that something is due."""
        own = self._clock()
        _apart.set((own - told).total_seconds())
        if abs(own - told) > AGREED:
            _log.error("clocks_disagree", own=own.isoformat(), database=told.isoformat())
            return
        for look in self._rounds:
            try:
                await look(min(own, told))
            except DependencyUnavailable as error:
                _log.warning("round_waits", dependency=error.dependency)
            except Exception as error:
                _log.error("round_failed", exc_info=error)
