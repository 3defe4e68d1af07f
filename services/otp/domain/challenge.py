"""What the OTP service says about a challenge."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events import Outcome


class Verdict(StrEnum):
    """The answer to one typed code. Only WRONG and VERIFIED mean that the code was looked at."""

    VERIFIED = "verified"
    WRONG = "wrong"
    LOCKED = "locked"
    ACCOUNT_LOCKED = "account-locked"  # the account's guess budget is used up, whatever the challenge
    USED = "used"
    EXPIRED = "expired"
    NOT_ISSUED = "not-issued"


class State(StrEnum):
    OPEN = "open"
    VERIFIED = "verified"
    LOCKED = "locked"
    EXPIRED = "expired"


class Delivery(StrEnum):
    """What is known of the mail."""

    QUEUED = "queued"
    UNKNOWN = "unknown"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    DROPPED = "dropped"
    DELIVERED = "delivered"
    BOUNCED = "bounced"


# Outcomes arrive in any order. The higher number stays: a late `accepted` never hides `delivered`, and a bounce
# may follow a delivery (FACTS, "SendGrid").
_DELIVERY: dict[Outcome, tuple[int, Delivery]] = {
    Outcome.UNKNOWN: (1, Delivery.UNKNOWN),
    Outcome.ACCEPTED: (2, Delivery.SENT),
    Outcome.DEFERRED: (3, Delivery.DEFERRED),
    Outcome.FAILED: (4, Delivery.FAILED),
    Outcome.DROPPED: (5, Delivery.DROPPED),
    Outcome.DELIVERED: (6, Delivery.DELIVERED),
    Outcome.BOUNCED: (7, Delivery.BOUNCED),
}
_BY_RANK = dict(_DELIVERY.values()) | {0: Delivery.QUEUED}


def delivery_rank(outcome: Outcome) -> int:
    """1 … 7; the store keeps the highest that it has seen."""
    return _DELIVERY[outcome][0]


def delivery_of_rank(rank: int) -> Delivery:
    return _BY_RANK[rank]


@dataclass(frozen=True, slots=True)
class ChallengeRef:
    """Names a challenge. The account is part of it: it decides where in Redis the challenge lives."""

    account_id: UUID
    challenge_id: UUID


@dataclass(frozen=True, slots=True)
class Judgement:
    """`retry_at`, with ACCOUNT_LOCKED only: when a code of this account is looked at again."""

    verdict: Verdict
    attempts_remaining: int
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    state: State
    attempts_remaining: int
    expires_at: datetime
    delivery: Delivery
    delivery_at: datetime | None
