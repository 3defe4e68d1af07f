"""Keep what auth and the notifier tell of accounts and providers, in memory: each of ours reads all of it.

Suppressed accounts are one entry each, until their suppression ends; regions and providers are few.
"""

import asyncio
from datetime import datetime
from uuid import UUID

from shared.events import AccountSuppressed, ProviderLimitObserved, RegionPopulationCounted
from shared.unavailable import DependencyUnavailable


class HearAudience:
    """What is asked before all topics were read raises DependencyUnavailable."""

    def __init__(self) -> None:
        self._whole_topics: tuple[asyncio.Event, ...] = ()
        self._populations: dict[str, RegionPopulationCounted] = {}
        self._suppressed: dict[str, dict[UUID, datetime]] = {}
        self._region_of: dict[UUID, str] = {}
        self._providers: dict[str, ProviderLimitObserved] = {}

    def reading(self, *whole_topics: asyncio.Event) -> None:
        self._whole_topics = whole_topics

    def counted(self, event: RegionPopulationCounted) -> None:
        """The newest count, whoever's came last: one who counted may have been cut off meanwhile."""
        known = self._populations.get(event.region)
        if known is None or known.counted_at <= event.counted_at:
            self._populations[event.region] = event

    def suppressed(self, event: AccountSuppressed) -> None:
        if (before := self._region_of.pop(event.account_id, None)) is not None:
            del self._suppressed[before][event.account_id]
        if event.until is not None:
            self._region_of[event.account_id] = event.region
            self._suppressed.setdefault(event.region, {})[event.account_id] = event.until

    def observed(self, event: ProviderLimitObserved) -> None:
        self._providers[event.provider] = event

    def unreadable(self, key: str) -> None:
        """Somebody else wrote to the topic; what was known stays, and the next count or report replaces it."""

    def population(self, region: str) -> RegionPopulationCounted | None:
        """None: it was never counted."""
        self._check()
        return self._populations.get(region)

    def how_many_suppressed(self, region: str, now: datetime) -> int:
        self._check()
        accounts = self._suppressed.get(region, {})
        for account_id in [each for each, until in accounts.items() if until <= now]:
            del accounts[account_id], self._region_of[account_id]
        return len(accounts)

    def providers(self) -> list[ProviderLimitObserved]:
        """By name."""
        self._check()
        return [self._providers[name] for name in sorted(self._providers)]

    def _check(self) -> None:
        if not self._whole_topics or not all(whole.is_set() for whole in self._whole_topics):
            raise DependencyUnavailable("kafka")
