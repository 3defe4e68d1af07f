"""The generic cell rate algorithm: from a clock and one stored time, whether there is one more.

The stored time is the theoretical arrival time (TAT): when all that was taken will have flowed back. No counter, no
window, nothing to reset (ITU-T I.371 annex A; letsencrypt/boulder ratelimits/gcra.go). All times in milliseconds.
"""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` at once, then one more each `every_ms`."""

    burst: int
    every_ms: int

    def __post_init__(self) -> None:
        if self.burst < 1 or self.every_ms < 1:
            raise ValueError("a limit needs a burst of at least 1 and a time of at least 1 ms")

    @classmethod
    def parse(cls, text: str) -> Self:
        """`10/60`: ten at once, then one more each 60 s. Raises: ValueError."""
        burst, slash, every_s = text.partition("/")
        if not slash:
            raise ValueError("expected burst/seconds, for instance 10/60")
        return cls(int(burst), int(every_s) * 1000)

    def halved(self) -> Self:
        return replace(self, burst=max(1, self.burst // 2))

    @property
    def full_ms(self) -> int:
        """How long all that can be taken at once needs to flow back."""
        return self.burst * self.every_ms


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is counted under one key. The key names nobody."""

    key: str
    limit: Limit

    def halved(self) -> Self:
        return replace(self, limit=self.limit.halved())


@dataclass(frozen=True, slots=True)
class Decision:
    """`tat` is to be stored if one was taken; if none was, nothing changes for `retry_after_ms`."""

    allowed: bool
    tat: int
    retry_after_ms: int = 0


def spend(limit: Limit, tat: int, now: int) -> Decision:
    """Take one, if there is one. `tat`: 0 where nothing is stored."""
    # No higher than a full bucket: neither a clock set back nor a limit made lower keeps anybody out for long.
    start = min(max(tat, now), now + limit.full_ms)
    new = start + limit.every_ms
    early = new - limit.full_ms - now
    return Decision(False, start, early) if early > 0 else Decision(True, new)


def refund(limit: Limit, tat: int, now: int) -> int:
    """The stored time after one was given back; never more than all."""
    return max(now, tat - limit.every_ms)
