"""Events in: region policies and revoked sessions, all of them, in every instance; each announcement, in one."""

import math
from collections.abc import Iterable

from opentelemetry.metrics import CallbackOptions, Observation

from services.auth.use_cases.announce_endings import AnnounceEndings
from services.auth.use_cases.follow_policies import FollowPolicies
from services.auth.use_cases.receive_announcement import ReceiveAnnouncement
from shared.events import AnnouncementDue, RegionPolicyChanged, SessionRevoked
from shared.kafka import EventBus
from shared.table_reader import TableReader
from shared.telemetry import meter


def receive_announcements(bus: EventBus, receive: ReceiveAnnouncement) -> None:
    bus.consume(AnnouncementDue, receive)


def follow_revocations(bus: EventBus, endings: AnnounceEndings) -> TableReader[SessionRevoked]:
    return bus.follow(SessionRevoked, endings.apply, endings.unreadable)


def follow_region_policies(bus: EventBus, follow: FollowPolicies) -> TableReader[RegionPolicyChanged]:
    table = bus.follow(RegionPolicyChanged, follow.apply, follow.forget)

    def staleness(_: CallbackOptions) -> Iterable[Observation]:
        seconds = table.staleness_s()
        if seconds is None:  # never caught up since the start: as old as the snapshot, and without one for ever
            seconds = follow.snapshot_age_s() or math.inf
        yield Observation(seconds)

    meter.create_observable_gauge("gatepost.policy.staleness", [staleness], unit="s")
    return table
