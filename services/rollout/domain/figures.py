"""The figures of a region over the last minute, quarter of an hour and hour, by the moment of the challenge. Pure.

A challenge is judged only once it had the time that it may take, so each measure has windows of its own: they end
`Settling` before now, and every challenge in them counts, whatever became of it. Counting only those of which the end
is known would count the quick ones, and make every window look better than it was.

What may only grow, bounces and locks, is judged as soon as acceptance is: a share that is too high by then stays so.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Final

from services.rollout.domain.challenge_facts import Counts
from services.rollout.domain.observed_challenges import ObservedChallenges
from services.rollout.domain.tally import SLOT_S, slot_at
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.verdict import Figure, Measure, Result, Verdict, WindowFigures

WINDOWS_S: Final = {"1m": 60, "15m": 900, "1h": 3600}
_LEAST: Final = frozenset({Measure.ACCEPTED, Measure.DELIVERED, Measure.VERIFIED})
_DIGITS: Final = 6  # 0.9 - 0.2 is a little more than 0.7 in floating point


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """How long after its challenge a mail may be accepted, a delivery reported, an end told."""

    accepted: timedelta
    delivered: timedelta
    closed: timedelta

    def of(self, measure: Measure) -> timedelta:
        match measure:
            case Measure.DELIVERED:
                return self.delivered
            case Measure.VERIFIED:
                return self.closed
        return self.accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """At a region as it was at `edge`: until then everything was heard. Nothing from before `since` is evidence. The
    baseline is from before `changed_at`, or where too little is known of that, from before the window."""

    region: str
    edge: datetime
    since: datetime
    changed_at: datetime
    thresholds: Thresholds
    settling: Settling


@dataclass(frozen=True, slots=True)
class _Span:
    """Slots from `first` on, up to and without `end`."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class _Memory:
    """Several measures have the same windows. Nothing from before the slot `floor` is known."""

    between: Callable[[str | None, int, int], Counts]
    floor: int


def judged(observed: ObservedChallenges, look: Look) -> Verdict:
    memory = _Memory(cache(observed.between), observed.floor)
    windows = [
        WindowFigures(
            window=name, figures=tuple(_figure(memory, look, measure, width_s // SLOT_S) for measure in Measure)
        )
        for name, width_s in WINDOWS_S.items()
    ]
    return Verdict.of(windows, look.thresholds.minimum_sample, look.edge)


def _figure(memory: _Memory, look: Look, measure: Measure, width: int) -> Figure:
    end = slot_at((look.edge - look.settling.of(measure)).timestamp())
    since = math.ceil(_seconds(look.since) / SLOT_S)
    span = _Span(max(end - width, since), end)
    read = partial(_read, memory, look.region, measure)
    value, sample = read(span)
    enough = value is not None and sample >= look.thresholds.minimum_sample
    baseline = _baseline(look, read, span, memory.floor) if enough and measure in _LEAST else None
    limit = _limit(look.thresholds, measure, baseline)
    result = Result.HOLD
    if value is not None and enough:
        kept = value >= limit if measure in _LEAST else value <= limit
        result = Result.PASS if kept else Result.FAIL
    return Figure(measure=measure, value=value, sample=sample, limit=limit, baseline=baseline, result=result)


def _baseline(look: Look, read: Callable[[_Span], tuple[float | None, int]], span: _Span, floor: int) -> float | None:
    changed = slot_at(_seconds(look.changed_at))
    for end in (min(changed, span.first), span.first):
        value, sample = read(_Span(floor, end))
        if sample >= look.thresholds.minimum_sample:
            return value
    return None


def _limit(thresholds: Thresholds, measure: Measure, baseline: float | None) -> float:
    match measure:
        case Measure.BOUNCED:
            return thresholds.most_bounced
        case Measure.LOCKED:
            return thresholds.most_locked
        case Measure.P95_ACCEPTED_S:
            return thresholds.most_p95_accepted_s
    least = {
        Measure.ACCEPTED: thresholds.least_accepted,
        Measure.DELIVERED: thresholds.least_delivered,
        Measure.VERIFIED: thresholds.least_verified,
    }[measure]
    return least if baseline is None else max(least, round(baseline - thresholds.most_below_baseline, _DIGITS))


def _read(memory: _Memory, region: str, measure: Measure, span: _Span) -> tuple[float | None, int]:
    """The value and of how many it is."""
    counts = memory.between(region, span.first, span.end)
    if measure is Measure.DELIVERED:
        return _delivered(counts, memory.between(None, span.first, span.end))
    if measure is Measure.P95_ACCEPTED_S:
        return counts.wait_s(0.95), counts.challenged
    share = {
        Measure.ACCEPTED: counts.accepted.total(),
        Measure.VERIFIED: counts.verified,
        Measure.BOUNCED: counts.bounced,
        Measure.LOCKED: counts.locked,
    }[measure]
    return _share(share, counts.challenged), counts.challenged


def _delivered(counts: Counts, everywhere: Counts) -> tuple[float | None, int]:
    """Of the mails of providers that tell of deliveries: a relay does not, nor does a webhook that is not set up."""
    telling = [provider for provider, delivered in everywhere.delivered.items() if delivered > 0]
    sample = sum(counts.accepted[provider] for provider in telling)
    return _share(sum(counts.delivered[provider] for provider in telling), sample), sample


def _share(some: int, all_of_them: int) -> float | None:
    return round(some / all_of_them, _DIGITS) if all_of_them else None


def _seconds(moment: datetime) -> float:
    """Since 1970; what lies before it, as 1970."""
    return max(moment.timestamp(), 0.0) if moment.year >= 1970 else 0.0
