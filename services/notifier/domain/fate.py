"""What became of a mail, as the others are told. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.events import Outcome

NO_PROVIDER: Final = "none"  # nobody was asked, or nobody knows who was

SUPPRESSED: Final = "suppressed"
CHALLENGE_CLOSED: Final = "challenge-closed"


@dataclass(frozen=True, slots=True)
class Fate:
    """`attempt` and `at` of the claim it belongs to, so that the same fact told twice is the same event."""

    outcome: Outcome
    provider: str
    attempt: int
    at: datetime
    reason: str | None = None
