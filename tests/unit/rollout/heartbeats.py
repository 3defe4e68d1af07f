"""What instances of auth tell of themselves, with only what the test is about spelt out."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.events import AppliedVersion, InstanceForgotten, PolicyApplied
from tests.unit.rollout.samples import NOON

EVERY_S = 5.0
SILENT_AFTER = timedelta(seconds=15)
A, B = UUID(int=0xA), UUID(int=0xB)


def applied(version: int, latency_ms: int | None = None) -> AppliedVersion:
    return AppliedVersion(version=version, latency_ms=latency_ms)


def heartbeat(
    instance: UUID = A, at: datetime = NOON, *, going: bool = False, **regions: AppliedVersion
) -> PolicyApplied:
    """Of an instance that is called by the last letter of its id."""
    name = f"auth-{instance.hex[-1]}"
    return PolicyApplied(instance=instance, name=name, regions=regions, every_s=EVERY_S, going=going, at=at)


def forgotten(instance: UUID = A, heartbeat_at: datetime = NOON) -> InstanceForgotten:
    return InstanceForgotten(instance=instance, heartbeat_at=heartbeat_at, forgotten_by="rosa", at=heartbeat_at)
