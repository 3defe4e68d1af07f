"""The topics of DESIGN §3, with what Kafka needs to know of them. `shared/create_topics.py` makes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.events import (
    AccountSuppressed,
    AnnouncementDue,
    ChallengeClosed,
    CodeLengthChanged,
    EmailOutcome,
    InstanceForgotten,
    LoginChallenged,
    LoginOutcome,
    NoticeDue,
    PasscodeIssued,
    PolicyApplied,
    ProviderLimitObserved,
    RegionPaused,
    RegionPolicyChanged,
    RegionPopulationCounted,
    RegionResumed,
    SecurityNoticeDue,
    SessionRevoked,
)

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

RETRY_SUFFIX: Final = ".retry.v1"
DEAD_LETTER_SUFFIX: Final = ".dlq.v1"


@dataclass(frozen=True, slots=True)
class Topic:
    """`partitions` bounds the parallelism of one consumer group; `config` is Kafka's own."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def retry_of(topic: str) -> str:
    return topic + RETRY_SUFFIX


def dead_letters_of(topic: str) -> str:
    return topic + DEAD_LETTER_SUFFIX


def origin_of(topic: str) -> str:
    """The topic that a retry topic belongs to; others are their own."""
    return topic.removesuffix(RETRY_SUFFIX)


def topics(partitions: int = 12) -> Iterator[Topic]:
    """Every topic. `partitions` is for those keyed by account; 12 divides evenly among 1, 2, 3, 4, 6 consumers."""
    # Compacted within seconds, not at the default's leisure: a new instance reads all of it before it is ready.
    compacted = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1", "segment.ms": str(HOUR_MS)}
    for whole in (RegionPolicyChanged, RegionPopulationCounted, AccountSuppressed, ProviderLimitObserved):
        yield Topic(whole.topic, 1, compacted)
    # A revocation is forgotten with the access tokens it ended: an hour at most (services/auth/settings.py).
    yield Topic(
        SessionRevoked.topic, 1, {**compacted, "cleanup.policy": "compact,delete", "retention.ms": str(4 * HOUR_MS)}
    )
    # Who went is forgotten with its last word. Short segments: what a rollout reads at its start is not compacted yet.
    for event in (PolicyApplied, InstanceForgotten):
        heard = {"cleanup.policy": "compact,delete", "retention.ms": str(DAY_MS), "segment.ms": str(HOUR_MS // 6)}
        yield Topic(event.topic, 1, {**compacted, **heard})
    # A few a day at most, in order; nobody of ours consumes it, so nothing is redelivered.
    for rare in (CodeLengthChanged, RegionPaused, RegionResumed):
        yield Topic(rare.topic, 1, {"retention.ms": str(7 * DAY_MS)})
    yield from _with_redelivery(LoginChallenged.topic, partitions, HOUR_MS)
    yield from _with_redelivery(PasscodeIssued.topic, partitions, HOUR_MS)
    yield from _with_redelivery(ChallengeClosed.topic, partitions, 7 * DAY_MS)
    yield from _with_redelivery(EmailOutcome.topic, partitions, 7 * DAY_MS)
    yield from _with_redelivery(LoginOutcome.topic, partitions, 7 * DAY_MS)
    yield from _with_redelivery(NoticeDue.topic, partitions, 7 * DAY_MS)
    yield from _with_redelivery(SecurityNoticeDue.topic, partitions, 7 * DAY_MS)
    yield from _with_redelivery(AnnouncementDue.topic, 1, 7 * DAY_MS)


def _with_redelivery(topic: str, partitions: int, retention_ms: int) -> Iterator[Topic]:
    # The broker's time of arrival, not the producer's word: shared/handling.py judges by it what came too late.
    yield Topic(topic, partitions, {"retention.ms": str(retention_ms), "message.timestamp.type": "LogAppendTime"})
    # Few, since each fetch pays for each partition, and a retry is in no hurry.
    yield Topic(retry_of(topic), min(partitions, 3), {"retention.ms": str(HOUR_MS)})
    yield Topic(dead_letters_of(topic), min(partitions, 3), {"retention.ms": str(7 * DAY_MS)})
