"""How many wrong codes an account may type for one factor before no code is looked at (docs/limits.md)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
MONTH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class GuessBudget:
    """Two windows that roll. Nothing but time gives a guess back: no success, no further login.

    With 10 a day and 30 in 30 days, whoever has the password gets 390 guesses in a year at most (365 days touch 13
    windows). Of a million codes TOTP accepts three at a time: 390 · 3 · 10⁻⁶ = 0.12 % a year.
    """

    per_day: int
    per_month: int

    def counting(self, wrong_at: Iterable[datetime], now: datetime) -> list[datetime]:
        """The wrong codes that still count, oldest first."""
        return sorted(at for at in wrong_at if at > now - MONTH)

    def remaining(self, wrong_at: Iterable[datetime], now: datetime) -> int:
        month = self.counting(wrong_at, now)
        day = [at for at in month if at > now - DAY]
        return max(0, min(self.per_day - len(day), self.per_month - len(month)))

    def retry_at(self, wrong_at: Iterable[datetime], now: datetime) -> datetime | None:
        """When a code is looked at again; None: now. A window has room as the oldest of its newest `most` leaves it."""
        month = self.counting(wrong_at, now)
        windows = ((self.per_day, DAY), (self.per_month, MONTH))
        room_at = [month[-most] + window for most, window in windows if len(month) >= most]
        return max((at for at in room_at if at > now), default=None)
