"""Tell rollout which policies this instance has applied: at each change, and from time to time, to be known to live.

Each report says all, so none is kept while Kafka is away: the next one makes up for it. Nobody who applies a policy
waits for a report, nor fails with it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.auth.domain.region_policy import RegionPolicies
from shared.events import AppliedVersion, PolicyApplied, RegionPolicyChanged
from shared.periodic import periodically
from shared.unavailable import DependencyUnavailable

GOODBYE_S: Final = 1.0  # of the 10 s that a stop may take
_MS: Final = timedelta(milliseconds=1)


class ReportApplied:
    """`instance`: of this process alone, new at each start; `name`: for people."""

    def __init__(
        self,
        instance: UUID,
        name: str,
        every_s: float,
        policies: RegionPolicies,
        publish: Callable[[PolicyApplied], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._instance = instance
        self._name = name
        self._every_s = every_s
        self._policies = policies
        self._publish = publish
        self._now = now
        self._began_at = now()
        self._live: dict[str, AppliedVersion] = {}
        self._news = asyncio.Event()
        self._news.set()
        self._reporting = False

    def applied(self, policy: RegionPolicyChanged) -> None:
        """Returns at once and raises nothing."""
        if policy.changed_at >= self._began_at:  # else it waited for us, not we for it
            took = max(timedelta(0), self._now() - policy.changed_at)  # rollout's clock may be ahead of ours
            self._live[policy.region] = AppliedVersion(version=policy.version, latency_ms=took // _MS)
        self._news.set()

    async def run(self, whole_topic: asyncio.Event) -> None:
        """For ever, once the whole topic is known: an instance that still reads it serves nobody yet."""
        await whole_topic.wait()
        self._reporting = True
        await periodically("policy-applied", 0.0, self._report_next)

    async def _report_next(self) -> None:
        """Raises: DependencyUnavailable."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), self._every_s)
        self._news.clear()
        await self._publish(self._standing(going=False))

    async def stop(self) -> None:
        """After `run` has ended: say goodbye, if Kafka takes it. An instance that did not counts as silent."""
        if self._reporting:
            with suppress(DependencyUnavailable, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._publish(self._standing(going=True))

    def _standing(self, *, going: bool) -> PolicyApplied:
        return PolicyApplied(
            instance=self._instance,
            name=self._name,
            regions={policy.region: self._as_applied(policy) for policy in self._policies.all()},
            every_s=self._every_s,
            going=going,
            at=self._now(),
        )

    def _as_applied(self, policy: RegionPolicyChanged) -> AppliedVersion:
        live = self._live.get(policy.region)
        if live is not None and live.version == policy.version:
            return live
        return AppliedVersion(version=policy.version, latency_ms=None)
