"""What a region's figures must keep to, and below how many challenges nothing is said of them. Pure."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

_SECONDS: Final = frozenset({"most_p95_accepted_s"})
_WHOLE: Final = frozenset({"minimum_sample"})


@dataclass(frozen=True, slots=True)
class UnusableThreshold:
    """Which one is missing, unknown, nought, negative, no number, or a share above 1."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Made by `from_json`, which refuses what would let everything pass or nothing.

    `least_*` and `most_*` are shares of the challenges of a window, above 0 and at most 1; of `least_delivered`, of
    those whose mail a provider took that tells of deliveries. `most_p95_accepted_s`: seconds from the challenge until a
    provider has taken its mail, for 95 of 100. `most_below_baseline`: how far, in points of a share, the `least_*` may
    fall below what the region itself had before.
    """

    minimum_sample: int
    least_accepted: float
    least_delivered: float
    least_verified: float
    most_bounced: float
    most_locked: float
    most_p95_accepted_s: float
    most_below_baseline: float

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self | UnusableThreshold:
        """All of them must be there. Check with `isinstance`."""
        names = {field.name for field in fields(cls)}
        for name in sorted(names | told.keys()):
            if name not in names or not _usable(name, told.get(name)):
                return UnusableThreshold(name)
        return cls(**told)

    def as_json(self) -> dict[str, int | float]:
        return asdict(self)


def _usable(name: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return False
    if name in _WHOLE:
        return isinstance(value, int)
    return name in _SECONDS or value <= 1
