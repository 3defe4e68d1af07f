"""What the figures of a region say: go on, stop, or nothing yet. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self


class Result(StrEnum):
    """`hold`: too little is known to say either."""

    PASS = "pass"  # noqa: S105 - a word
    FAIL = "fail"
    HOLD = "hold"


class Measure(StrEnum):
    """Shares of the challenges of a window, and the seconds within which 95 of 100 mails were taken."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    VERIFIED = "verified"
    BOUNCED = "bounced"
    LOCKED = "locked"
    P95_ACCEPTED_S = "p95_accepted_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` None: nothing to measure. `sample`: challenges that it is of. `limit`: what it was held to; `baseline`:
    what the region had before, None where that is not known or does not count."""

    measure: Measure
    value: float | None
    sample: int
    limit: float
    baseline: float | None
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFigures:
    """`window`: for instance `15m`."""

    window: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`as_of`: up to when everything was heard. `figures`: of the shortest window first; none if nothing was heard for
    too long."""

    result: Result
    because: str
    as_of: datetime
    figures: tuple[WindowFigures, ...] = ()

    @classmethod
    def unheard(cls, as_of: datetime, for_so_long: timedelta) -> Self:
        """What happened since is not known, and it may be anything."""
        because = f"nothing was heard from Kafka for {for_so_long.total_seconds():.0f} s"
        return cls(result=Result.HOLD, because=because, as_of=as_of)

    @classmethod
    def of(cls, windows: Sequence[WindowFigures], minimum_sample: int, as_of: datetime) -> Self:
        """`windows`: the widest last. One that fails fails; where none does, the widest must have enough of all, but of
        deliveries: not every provider tells of them."""
        for window in windows:
            for figure in window.figures:
                if figure.result is Result.FAIL:
                    return cls(
                        result=Result.FAIL, because=_failure(window.window, figure), as_of=as_of, figures=tuple(windows)
                    )
        needed = [figure for figure in windows[-1].figures if figure.measure is not Measure.DELIVERED]
        missing = min((figure.sample for figure in needed if figure.result is Result.HOLD), default=None)
        if missing is not None:
            because = f"only {missing} of the {minimum_sample} challenges that it takes"
            return cls(result=Result.HOLD, because=because, as_of=as_of, figures=tuple(windows))
        return cls(result=Result.PASS, because="everything is within its limits", as_of=as_of, figures=tuple(windows))

    def as_json(self) -> dict[str, Any]:
        """All of it; the time in RFC 3339."""
        return {**asdict(self), "as_of": self.as_of.isoformat(), "figures": [asdict(each) for each in self.figures]}


def _failure(window: str, figure: Figure) -> str:
    least = figure.measure in (Measure.ACCEPTED, Measure.DELIVERED, Measure.VERIFIED)
    bound = "at least" if least else "at most"
    assert figure.value is not None  # what is not known does not fail
    if figure.measure is Measure.P95_ACCEPTED_S:
        told, limit = f"{figure.value:.1f} s", f"{figure.limit:.1f} s"
    else:
        told, limit = f"{figure.value:.1%}", f"{figure.limit:.1%}"
    return f"{figure.measure.value} {told} of {figure.sample} challenges in {window}, {bound} {limit} was to be"
