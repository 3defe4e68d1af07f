"""Addresses that are not mailed, because mail to them came back. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """Why: the mailbox does not exist (any more), the provider dropped the mail, or its owner called it spam."""

    BOUNCED = "bounced"
    DROPPED = "dropped"
    SPAM_REPORT = "spam-report"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Ends by itself at `expires_at`; both times are aware."""

    cause: Cause
    since: datetime
    expires_at: datetime
