"""When the share of wrong codes over all accounts says that codes are being guessed, new codes get longer.

Per-account limits bound what one account can lose; this bounds what an attacker with many passwords can expect who goes
on guessing at all of them. He can bring the longer codes about, and nothing else: nobody is refused, and no code that
is under way changes, so that it stops no burst at codes that are under way (docs/limits.md).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

RAISED_DIGITS: Final = 8  # a hundredth of the chance that six digits give


@dataclass(frozen=True, slots=True)
class Band:
    """People mistype 5-15 % of codes. At `high` the breaker trips, if `least` codes were judged: of three codes two
    are easily wrong. Below `low` it falls back, however few there were: then silence is calm as well."""

    window: timedelta = timedelta(minutes=5)
    least: int = 200
    high: float = 0.5
    low: float = 0.25


@dataclass(frozen=True, slots=True)
class Reading:
    """What all instances have counted in the window that ends `at`, by the store's clock. `raised` holds since
    `since`; `flips` tells one reading of the state from the next."""

    at: datetime
    wrong: int
    verified: int
    raised: bool
    since: datetime
    flips: int

    @property
    def judged(self) -> int:
        return self.wrong + self.verified

    @property
    def wrong_share(self) -> float:
        return self.wrong / self.judged if self.judged else 0.0


def flips(band: Band, seen: Reading) -> bool:
    """Whether the state must change. It falls back after a whole window without a code of the storm in it."""
    if seen.raised:
        return seen.at - seen.since >= band.window and seen.wrong_share < band.low
    return seen.judged >= band.least and seen.wrong_share >= band.high
