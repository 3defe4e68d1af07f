"""What is known of a challenge's mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.events import Outcome


class Delivery(StrEnum):
    QUEUED = "queued"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SENT = "sent"
    DEFERRED = "deferred"
    DROPPED = "dropped"
    DELIVERED = "delivered"
    BOUNCED = "bounced"


# Outcomes arrive in any order. The higher number stays: a late `accepted` never hides `delivered`, and a bounce
# may follow a delivery (FACTS, "SendGrid"). `failed` means that nothing was sent so far: whatever else is known of the
# same mail is of a send that was made after all, for instance when its dead letter was replayed.
_DELIVERY: dict[Outcome, tuple[int, Delivery]] = {
    Outcome.FAILED: (1, Delivery.FAILED),
    Outcome.UNKNOWN: (2, Delivery.UNKNOWN),
    Outcome.ACCEPTED: (3, Delivery.SENT),
    Outcome.DEFERRED: (4, Delivery.DEFERRED),
    Outcome.DROPPED: (5, Delivery.DROPPED),
    Outcome.DELIVERED: (6, Delivery.DELIVERED),
    Outcome.BOUNCED: (7, Delivery.BOUNCED),
}
_BY_RANK = dict(_DELIVERY.values()) | {0: Delivery.QUEUED}


def delivery_rank(outcome: Outcome) -> int:
    """1 … 7; the store keeps the highest that it has seen of a mail."""
    return _DELIVERY[outcome][0]


@dataclass(frozen=True, slots=True)
class News:
    """The last that is known of one mail; `at` None: nothing yet."""

    delivery: Delivery = Delivery.QUEUED
    at: datetime | None = None

    @classmethod
    def of_rank(cls, rank: int, at: datetime | None) -> "News":
        """A rank that a newer version gave is UNKNOWN to this one."""
        return cls(_BY_RANK.get(rank, Delivery.UNKNOWN), at)


def overall(mails: Sequence[News]) -> News:
    """What somebody who waits wants to know of several mails with the same code: one that arrived will do, whichever
    it is; else it is the newest that counts."""
    arrived = [news for news in mails if news.delivery is Delivery.DELIVERED]
    return arrived[-1] if arrived else mails[-1]
