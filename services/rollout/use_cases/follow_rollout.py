"""Tell of everything that is done, and how far each policy has come, as it happens."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.rollout.domain.audit import AuditEntry, Head
from services.rollout.domain.propagation import Propagation, propagation
from services.rollout.domain.region import Region
from services.rollout.use_cases.hear_instances import HearInstances

LOOK_S: Final = 1.0
PAGE: Final = 100
QUIET_S: Final = 15.0  # proxies end what is silent for a minute
LONGEST_S: Final = 900.0  # then whoever goes on calls again, with a token that holds


class Audit(Protocol):
    """Raises: DependencyUnavailable."""

    async def after(self, number: int, limit: int) -> list[AuditEntry]: ...

    async def head(self) -> Head: ...


class Regions(Protocol):
    async def all(self) -> list[Region]:
        """Raises: DependencyUnavailable."""


@dataclass(frozen=True, slots=True)
class Begun:
    """`last`: the newest entry of the audit that is not told any more."""

    last: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing has happened for a while."""


Told = Begun | AuditEntry | Propagation | Quiet


class FollowRollout:
    def __init__(self, audit: Audit, regions: Regions, hear: HearInstances, now: Callable[[], datetime]) -> None:
        self._audit = audit
        self._regions = regions
        self._hear = hear
        self._now = now
        self._stopping = False

    async def __call__(self, after: int | None) -> AsyncGenerator[Told, None]:
        """`after`: the number of the last entry that was heard; None: only what comes. The propagation of every region
        comes first, and again when it changes. Raises: DependencyUnavailable, then or later."""
        last = (await self._audit.head()).number if after is None else after
        yield Begun(last)
        shown: dict[str, Propagation] = {}
        spoke_at = began_at = time.monotonic()
        while not self._stopping and time.monotonic() - began_at < LONGEST_S:
            news = self._hear.news
            told: list[Told] = [*await self._audit.after(last, PAGE), *await self._moved(shown)]
            for each in told:
                last = each.number if isinstance(each, AuditEntry) else last
                yield each
            if told:
                spoke_at = time.monotonic()
            elif time.monotonic() - spoke_at > QUIET_S:
                spoke_at = time.monotonic()
                yield Quiet()
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), 0 if len(told) >= PAGE else LOOK_S)

    def stop(self) -> None:
        """Every stream ends within a second."""
        self._stopping = True

    async def _moved(self, shown: dict[str, Propagation]) -> list[Propagation]:
        """Those that look another way than they were shown; heartbeats alone are no news."""
        instances = self._hear.known()
        moved = []
        for region in await self._regions.all():
            found = propagation(region.name, region.version, instances, self._now())
            before = shown.get(region.name)
            if before is None or not found.looks_like(before):
                shown[region.name] = found
                moved.append(found)
        return moved
