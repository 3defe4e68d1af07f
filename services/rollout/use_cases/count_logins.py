"""Count logins by region, hour and what was decided: what a region in shadow would have asked, and its busiest hour.

An attempt counts once, however often its event comes within the hours that its id is remembered; one that comes later
is not counted at all. What comes while others are counted is counted together after them: one transaction at a time,
since they would only wait for each other at the same rows, each with a connection that an operator may need.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from services.rollout.domain.logins import KEPT, REMEMBERED, LoginKind, hour_of, is_timely, login_kind
from shared.events import LoginOutcome
from shared.telemetry import meter

_passed_over: Final = meter.create_counter(
    "gatepost.logins.not_counted", description="logins whose event came a day late, or is of a time to come"
)


class LoginCounts(Protocol):
    """All raise DependencyUnavailable."""

    async def count(self, attempts: Sequence[tuple[UUID, LoginKind]]) -> None:
        """Those that are new, all or none of them."""

    async def forget(self, attempts_before: datetime, hours_before: datetime) -> None: ...


class CountLogins:
    def __init__(self, counts: LoginCounts, now: Callable[[], datetime]) -> None:
        self._counts = counts
        self._now = now
        self._turn = asyncio.Lock()
        self._next: list[tuple[UUID, LoginKind]] = []
        self._counting: asyncio.Task[None] | None = None

    async def __call__(self, event: LoginOutcome) -> None:
        """Raises: DependencyUnavailable."""
        kind = login_kind(event)
        if kind is None:
            return
        if not is_timely(event, self._now()):
            _passed_over.add(1)
            return
        self._next.append((event.attempt_id, kind))
        if self._counting is None:
            self._counting = asyncio.create_task(self._count_next())
        await asyncio.shield(self._counting)  # who is cancelled must not take the others along

    async def _count_next(self) -> None:
        async with self._turn:
            attempts, self._next, self._counting = self._next, [], None
            await self._counts.count(attempts)

    async def forget(self) -> None:
        """What need not be known any more. Raises: DependencyUnavailable."""
        now = self._now()
        await self._counts.forget(hour_of(now - REMEMBERED), hour_of(now - KEPT))
