"""What is known of one challenge, and how many challenges of a span had what in common. Pure.

Nothing here depends on the order in which it was learnt, nor on how often: a fact is a minimum, or a yes that stays.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

End = Literal["verified", "expired", "locked"]

_FINE_S: Final = 10


@dataclass(slots=True)
class ChallengeFacts:
    """Times in seconds since 1970. `region` None: no login that asked for it is known (yet). `accepted`: when a
    provider first took a mail with its code, and which."""

    region: str | None = None
    at: float = 0.0
    accepted: tuple[float, str] | None = None
    delivered: bool = False
    bounced: bool = False
    verified: bool = False
    locked: bool = False

    def asked(self, region: str, at: float) -> None:
        if self.region is None or (at, region) < (self.at, self.region):
            self.at, self.region = at, region

    def taken(self, at: float, provider: str) -> None:
        if self.accepted is None or (at, provider) < self.accepted:
            self.accepted = (at, provider)

    def ended(self, end: End) -> None:
        self.verified = self.verified or end == "verified"
        self.locked = self.locked or end == "locked"


@dataclass(slots=True)
class Counts:
    """`accepted` and `delivered` by the provider that took the mail first. `waits`: how many were accepted so many
    tenths of a second after they were asked for, rounded up: to tenths below 10 s, to seconds above."""

    challenged: int = 0
    bounced: int = 0
    verified: int = 0
    locked: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    waits: Counter[int] = field(default_factory=Counter)

    def count(self, facts: ChallengeFacts, sign: Literal[1, -1]) -> None:
        """-1 takes back what the same facts added."""
        self.challenged += sign
        self.bounced += sign * facts.bounced
        self.verified += sign * facts.verified
        self.locked += sign * facts.locked
        if facts.accepted is not None:
            accepted_at, provider = facts.accepted
            self.accepted[provider] += sign
            self.delivered[provider] += sign * facts.delivered
            self.waits[_tenths(accepted_at - facts.at)] += sign

    def add(self, other: "Counts") -> None:
        self.challenged += other.challenged
        self.bounced += other.bounced
        self.verified += other.verified
        self.locked += other.locked
        self.accepted.update(other.accepted)
        self.delivered.update(other.delivered)
        self.waits.update(other.waits)

    def wait_s(self, share: float) -> float | None:
        """Within how many seconds this share of the accepted ones was; None: there is none."""
        left = math.ceil(share * self.waits.total())
        for tenths in sorted(self.waits) if left else ():
            left -= self.waits[tenths]
            if left <= 0:
                return tenths / 10
        return None


def _tenths(wait_s: float) -> int:
    """Two clocks: never below nought."""
    wait_s = round(max(wait_s, 0.0), 6)
    return math.ceil(wait_s * 10) if wait_s <= _FINE_S else math.ceil(wait_s) * 10
