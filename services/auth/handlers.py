"""The region policies in: every instance reads all of them, and keeps them on disk."""

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog
from opentelemetry.metrics import CallbackOptions, Observation

from services.auth.adapters.policy_snapshot import PolicySnapshot
from services.auth.domain.region_policy import RegionPolicies
from shared.events import RegionPolicyChanged
from shared.kafka import EventBus
from shared.telemetry import meter

_log = structlog.get_logger()

WRITE_AFTER_S: Final = 0.5


class PolicyFeed:
    """Loads the snapshot, then follows the topic. Ready with either; with neither, never."""

    def __init__(self, bus: EventBus, policies: RegionPolicies, snapshot: PolicySnapshot) -> None:
        self._policies = policies
        self._snapshot = snapshot
        self._changed = asyncio.Event()
        self._table = bus.follow(RegionPolicyChanged, self._apply, policies.forget)
        meter.create_observable_gauge("gatepost.policy.staleness", [self._staleness], unit="s")

    def load_snapshot(self) -> None:
        kept = self._snapshot.read()
        for policy in kept or ():
            self._policies.apply(policy)
        self._policies.loaded = kept is not None

    async def run(self) -> None:
        """Wait for the whole topic, then keep the snapshot up to date, for ever."""
        await self._table.caught_up.wait()
        self._policies.loaded = True
        self._changed.set()
        while True:
            await self._changed.wait()
            await asyncio.sleep(WRITE_AFTER_S)  # one write for a burst of changes
            self._changed.clear()
            try:
                await asyncio.to_thread(self._snapshot.write, self._policies.all())
            except OSError as error:
                _log.error("policy_snapshot_not_written", error=type(error).__name__)

    async def ready(self) -> bool:
        return self._policies.loaded

    def _apply(self, policy: RegionPolicyChanged) -> None:
        if self._policies.apply(policy):
            _log.info("policy_applied", region=policy.region, version=policy.version, mode=policy.mode)
            self._changed.set()

    def _staleness(self, _: CallbackOptions) -> Iterable[Observation]:
        staleness = self._table.staleness_s()
        if staleness is not None:
            yield Observation(staleness)
