"""Say what a policy would do to a region: nothing is stored, and nobody else is asked but our own tables."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.rollout.domain.change import Change
from services.rollout.domain.logins import BusiestHour
from services.rollout.domain.preview import Facts, Preview, preview
from services.rollout.domain.region import Region
from services.rollout.use_cases.hear_audience import HearAudience


class Regions(Protocol):
    async def find(self, name: str) -> Region | None:
        """Raises: DependencyUnavailable."""


class Changes(Protocol):
    async def find(self, change_id: UUID) -> Change | None:
        """Raises: DependencyUnavailable."""


class Logins(Protocol):
    async def busiest(self, region: str) -> BusiestHour | None:
        """None: no login that the region decides was counted. Raises: DependencyUnavailable."""


class PreviewChange:
    def __init__(
        self,
        hear: HearAudience,
        regions: Regions,
        changes: Changes,
        logins: Logins,
        now: Callable[[], datetime],
    ) -> None:
        self._hear = hear
        self._regions = regions
        self._changes = changes
        self._logins = logins
        self._now = now

    async def __call__(self, region: str, percents: Sequence[int]) -> Preview:
        """Of a region that there need not be yet. `percents`: basis points. Raises: DependencyUnavailable."""
        now = self._now()
        population, suppressed = self._hear.population(region), self._hear.how_many_suppressed(region, now)
        standing = await self._regions.find(region)
        facts = Facts(
            salt=standing.salt if standing else None,
            population=population,
            suppressed=suppressed,
            busiest=await self._logins.busiest(region),
            providers=self._hear.providers(),
        )
        return preview(region, facts, percents, now)

    async def of_change(self, change_id: UUID, percents: Sequence[int]) -> tuple[Change, Preview] | None:
        """Also at the change's own share. None: there is no such change. Raises: DependencyUnavailable."""
        change = await self._changes.find(change_id)
        if change is None:
            return None
        return change, await self(change.content.region, [*percents, change.content.policy.percent])
