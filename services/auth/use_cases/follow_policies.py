"""Keeps this instance's region policies: the snapshot first, then the topic, and the snapshot up to date."""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

import structlog

from services.auth.domain.region_policy import RegionPolicies
from shared.events import RegionPolicyChanged

_log = structlog.get_logger()

WRITE_AFTER_S: Final = 0.5


class Snapshot(Protocol):
    def read(self) -> list[RegionPolicyChanged] | None:
        """None: there is none, or it cannot be trusted."""

    def write(self, policies: Iterable[RegionPolicyChanged]) -> None:
        """Replace it whole. Raises: OSError."""


class FollowPolicies:
    """Ready with a snapshot or with the whole topic; with neither, never (DESIGN §5)."""

    def __init__(self, policies: RegionPolicies, snapshot: Snapshot) -> None:
        self._policies = policies
        self._snapshot = snapshot
        self._changed = asyncio.Event()

    def load_snapshot(self) -> None:
        kept = self._snapshot.read()
        for policy in kept or ():
            self._policies.apply(policy)
        self._policies.loaded = kept is not None

    def apply(self, policy: RegionPolicyChanged) -> None:
        if self._policies.apply(policy):
            _log.info("policy_applied", region=policy.region, version=policy.version, mode=policy.mode)
            self._changed.set()

    def forget(self, region: str) -> None:
        """Its newest policy cannot be read; the snapshot must not bring back an older one."""
        self._policies.forget(region)
        self._changed.set()

    async def keep_snapshot(self, whole_topic: asyncio.Event) -> None:
        """From the moment that the whole topic is known, write what changes to disk, for ever."""
        await whole_topic.wait()
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
