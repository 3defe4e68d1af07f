"""Count each region's accounts from time to time, for who plans what a region is to ask for.

One instance counts while it lives. It reads a page at a time and rests as long as a page took, so that at most half a
core of the database is busy with it and no statement runs for long. What changes while it counts is counted or not.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import structlog

from services.auth.domain.population import PopulationPage, PopulationTally
from services.auth.domain.region_policy import RegionPolicies
from shared.events import RegionPolicyChanged, RegionPopulationCounted
from shared.periodic import periodically

PAGE: Final = 5_000
TRY_AGAIN_S: Final = 10.0
FIRST: Final = UUID(int=0)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")  # RegionName: what was written past the import has no policy either

_log = structlog.get_logger()


class Counting(Protocol):
    """Ours while it answers. All raise DependencyUnavailable."""

    async def regions(self) -> list[str]:
        """Of all accounts."""

    async def page(self, region: str, salt: str, after: UUID, limit: int) -> PopulationPage: ...


class CountingTurns(Protocol):
    def lead(self) -> AbstractAsyncContextManager[Counting | None]:
        """None: another instance counts. Raises: DependencyUnavailable, then or later."""


class CountPopulation:
    def __init__(
        self,
        turns: CountingTurns,
        policies: RegionPolicies,
        publish: Callable[[RegionPopulationCounted], Awaitable[None]],
        now: Callable[[], datetime],
        every_s: float,
    ) -> None:
        self._turns = turns
        self._policies = policies
        self._publish = publish
        self._now = now
        self._every_s = every_s
        self._news = asyncio.Event()
        self._counted: dict[str, str | None] = {}

    def applied(self, _: RegionPolicyChanged) -> None:
        """Returns at once and raises nothing."""
        self._news.set()

    async def run(self, whole_topic: asyncio.Event) -> None:
        """For ever, once all policies are known."""
        await whole_topic.wait()
        await periodically("population", TRY_AGAIN_S, self._take_part)

    async def _take_part(self) -> None:
        """Raises: DependencyUnavailable."""
        async with self._turns.lead() as counting:
            while counting is not None:
                await self._count_all(counting)

    async def _count_all(self, counting: Counting) -> None:
        """And, until it is time to begin again, those whose ramp becomes known."""
        ends_at = time.monotonic() + self._every_s
        known = {policy.region for policy in self._policies.all()}
        for region in sorted({*await counting.regions(), *known, *self._counted}):
            await self._count(counting, region)
        while (left := ends_at - time.monotonic()) > 0:
            self._news.clear()
            for policy in self._policies.all():
                if self._counted.get(policy.region) != policy.salt:
                    await self._count(counting, policy.region)
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()

    async def _count(self, counting: Counting, region: str) -> None:
        if not _NAME.fullmatch(region):
            _log.warning("region_not_counted", region=region[:64])
            return
        policy = self._policies.of(region)
        salt = policy.salt if policy else None
        tally, after, began = PopulationTally(region, salt, self._now()), FIRST, time.monotonic()
        while True:
            asked = time.monotonic()
            page = await counting.page(region, salt or "", after, PAGE)
            tally.add(page)
            if page.last is None:
                break
            after = page.last
            await asyncio.sleep(time.monotonic() - asked)
        counted = tally.counted()
        await self._publish(counted)
        self._counted[region] = salt
        took_s = round(time.monotonic() - began, 3)
        _log.info("region_counted", region=region, concerned=counted.concerned, took_s=took_s)
