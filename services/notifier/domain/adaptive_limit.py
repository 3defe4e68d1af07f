"""How many calls may be under way to a provider: more while it keeps up, fewer when it does not. Pure.

Additive increase, multiplicative decrease, as TCP has it (RFC 5681 §3.1): one more for each limit's worth of answers,
less by a third for a failure; but at most once for the calls that were under way together, since they fail together.
"""

from dataclasses import dataclass
from typing import Final

DECREASE: Final = 2 / 3


@dataclass(slots=True)
class AdaptiveLimit:
    most: int
    least: int = 4
    _limit: float = 0.0
    _of_before: int = 0  # answers still to come to calls that were under way at the last decrease

    def __post_init__(self) -> None:
        self._limit = float(self.most)

    @property
    def calls(self) -> int:
        return int(self._limit)

    def kept_up(self) -> None:
        self._of_before = max(0, self._of_before - 1)
        self._limit = min(float(self.most), self._limit + 1 / self._limit)

    def fell_behind(self) -> None:
        if self._of_before > 0:
            self._of_before -= 1
            return
        self._of_before = self.calls - 1
        self._limit = max(float(self.least), self._limit * DECREASE)
