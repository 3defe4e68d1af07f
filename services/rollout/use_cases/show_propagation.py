"""Where the newest version of a region has arrived; whoever wants to may wait until it is everywhere."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final, Protocol

from services.rollout.domain.propagation import Propagation, propagation
from services.rollout.domain.region import Region
from services.rollout.use_cases.hear_instances import HearInstances

LOOK_S: Final = 1.0  # an instance that becomes silent makes no news


class Regions(Protocol):
    async def find(self, name: str) -> Region | None: ...


class ShowPropagation:
    def __init__(self, hear: HearInstances, regions: Regions, now: Callable[[], datetime]) -> None:
        self._hear = hear
        self._regions = regions
        self._now = now
        self._stopping = False

    async def __call__(self, region: str, wait_s: float = 0.0) -> Propagation | None:
        """Once it is everywhere, or after `wait_s` seconds. None: no such region. Raises: DependencyUnavailable."""
        ends_at = time.monotonic() + wait_s
        while True:
            news = self._hear.news
            instances = self._hear.known()
            standing = await self._regions.find(region)
            if standing is None:
                return None
            found = propagation(region, standing.version, instances, self._now())
            left = ends_at - time.monotonic()
            if found.everywhere or left <= 0 or self._stopping:
                return found
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), min(left, LOOK_S))

    def stop_waiting(self) -> None:
        """Whoever waits is answered within a second."""
        self._stopping = True
