"""Keeps this instance's region policies: the snapshot first, then the topic, and the snapshot up to date."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, Protocol

import structlog

from services.auth.domain.region_policy import RegionPolicies
from shared.events import RegionPolicyChanged

_log = structlog.get_logger()

WRITE_AFTER_S: Final = 0.5
KAFKA_FIRST_S: Final = 10.0


class Snapshot(Protocol):
    def read(self) -> list[RegionPolicyChanged] | None:
        """None: there is none, or it cannot be trusted."""

    def age_s(self) -> float | None:
        """Seconds since it was written; None: there is none."""

    def write(self, policies: Iterable[RegionPolicyChanged]) -> None:
        """Replace it whole. Raises: OSError."""


class FollowPolicies:
    """Ready with a snapshot or with the whole topic; with neither, never (DESIGN §5). `applied` is told of news."""

    def __init__(
        self,
        policies: RegionPolicies,
        snapshot: Snapshot,
        applied: Callable[[RegionPolicyChanged], None],
        kafka_first_s: float = KAFKA_FIRST_S,
    ) -> None:
        self._policies = policies
        self._snapshot = snapshot
        self._applied = applied
        self._kafka_first_s = kafka_first_s
        self._changed = asyncio.Event()
        self._has_snapshot = False

    def load_snapshot(self) -> None:
        kept = self._snapshot.read()
        for policy in kept or ():
            self._policies.apply(policy)
        self._has_snapshot = kept is not None

    def apply(self, policy: RegionPolicyChanged) -> None:
        if self._policies.apply(policy):
            _log.info("policy_applied", region=policy.region, version=policy.version, mode=policy.mode)
            self._changed.set()
            self._applied(policy)

    def forget(self, region: str) -> None:
        """Its newest policy cannot be read; the snapshot must not bring back an older one."""
        self._policies.forget(region)
        self._changed.set()

    async def keep_snapshot(self, whole_topic: asyncio.Event) -> None:
        """From the moment that the whole topic is known, write what changes to disk, for ever.

        The snapshot may be older than a change that stands in the topic, so Kafka gets its chance first.
        """
        if self._has_snapshot:
            with suppress(TimeoutError):
                await asyncio.wait_for(whole_topic.wait(), self._kafka_first_s)
            if not whole_topic.is_set():
                _log.warning("policy_from_snapshot")
            self._policies.loaded = True
        await whole_topic.wait()
        self._policies.loaded = True
        self._changed.set()
        while True:
            await self._changed.wait()
            await asyncio.sleep(WRITE_AFTER_S)  # one write for a burst of changes
            self._changed.clear()
            await asyncio.to_thread(self._write)

    def save(self) -> None:
        """What is not on disk yet; the last thing before a stop."""
        if self._changed.is_set() and self._policies.loaded:
            self._write()

    def _write(self) -> None:
        try:
            self._snapshot.write(self._policies.all())
        except OSError as error:
            _log.error("policy_snapshot_not_written", error=type(error).__name__)

    def snapshot_age_s(self) -> float | None:
        return self._snapshot.age_s()

    async def ready(self) -> bool:
        return self._policies.loaded
