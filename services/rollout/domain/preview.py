"""What a policy would do to a region, before anybody approves it. Pure.

Of the accounts that a policy is about, a share of N basis points asks those in the first N of 10,000 cohorts. Auth
counts them by slots of cohorts; within a slot they are taken as evenly spread, which SHA-256 does. Of a region that has
no ramp yet (its first policy makes it) all is one slot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, sqrt
from typing import Final

from services.rollout.domain.accuracy import Note
from services.rollout.domain.logins import BusiestHour
from services.rollout.domain.region import EVERYBODY
from shared.events import ProviderLimitObserved, RegionPopulationCounted

SIGMAS: Final = 3  # of chance: 1 estimate in 370 is farther off
LADDER: Final = (100, 500, 1_000, 2_500, 5_000, EVERYBODY)
"""In basis points: where nobody says which steps are meant."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of a region. `salt` None: it has no policy yet. `suppressed`: accounts that get no mail."""

    salt: str | None
    population: RegionPopulationCounted | None
    suppressed: int
    busiest: BusiestHour | None
    providers: Sequence[ProviderLimitObserved]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewStep:
    """A share of `percent` basis points. Counts of accounts are None while the region's are not counted.

    `off_by`: how far `challenged` may be from the accounts as they were counted. `unusable` and `suppressed`: who of
    them could not be mailed. `codes_per_minute`: the mean of the busiest hour; `busiest_minute`: what chance makes of
    it. `fits`, by provider: None: it was never asked for so many.
    """

    percent: int
    challenged: int | None
    off_by: int | None
    unusable: int | None
    suppressed: int | None
    codes_per_minute: float | None
    busiest_minute: int | None
    fits: Mapping[str, bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`exact`: the accounts were counted by the region's own ramp."""

    region: str
    facts: Facts
    exact: bool
    steps: Sequence[PreviewStep]
    at: datetime

    @property
    def notes(self) -> list[Note]:
        """What has to be known of the figures."""
        facts = self.facts
        counted = [Note.COUNTED, Note.BY_RAMP if self.exact else Note.EVENLY, Note.SUPPRESSED]
        return [
            *(counted if facts.population else [Note.NOT_COUNTED]),
            Note.LOGINS if facts.busiest else Note.NO_LOGINS,
            Note.ALONE if facts.providers else Note.NO_PROVIDER,
        ]


def preview(region: str, facts: Facts, percents: Iterable[int], now: datetime) -> Preview:
    """The steps in rising order, each once."""
    exact = _by_own_ramp(facts)
    steps = [_step(facts, percent, exact) for percent in sorted(set(percents))]
    return Preview(region=region, facts=facts, exact=exact, steps=steps, at=now)


def _by_own_ramp(facts: Facts) -> bool:
    spread = facts.population.spread if facts.population else None
    return spread is not None and spread.salt == facts.salt


def _step(facts: Facts, percent: int, exact: bool) -> PreviewStep:
    challenged = off_by = unusable = suppressed = None
    if (counted := facts.population) is not None:
        own = counted.spread if exact else None
        asked = _within(own.concerned if own else [counted.concerned], percent)
        lost = _spread_out(own.unusable, len(own.concerned)) if own else [counted.unusable]
        challenged, off_by = round(asked.mean), asked.off_by
        unusable = round(_within(lost, percent).mean)
        suppressed = min(challenged, round(facts.suppressed * percent / EVERYBODY))
    mean = facts.busiest.logins / 60 * percent / EVERYBODY if facts.busiest else None
    busiest = None if mean is None else ceil(mean + SIGMAS * sqrt(mean))
    return PreviewStep(
        percent=percent,
        challenged=challenged,
        off_by=off_by,
        unusable=unusable,
        suppressed=suppressed,
        codes_per_minute=None if mean is None else round(mean, 2),
        busiest_minute=busiest,
        fits={each.provider: None if busiest is None else _fits(each, busiest) for each in facts.providers},
    )


def _fits(provider: ProviderLimitObserved, per_minute: int) -> bool | None:
    """What it asked for newest counts more than what it took before."""
    if per_minute > provider.set_per_minute:
        return False
    if provider.limit_per_minute is not None:
        return per_minute <= provider.limit_per_minute
    return True if per_minute <= provider.most_per_minute else None


@dataclass(frozen=True, slots=True)
class _Share:
    mean: float
    off_by: int


def _within(slots: Sequence[int], percent: int) -> _Share:
    """Whole slots are counted; of the one that the share ends in, each account is within it by chance."""
    whole, rest = divmod(percent * len(slots), EVERYBODY)
    if rest == 0:
        return _Share(sum(slots[:whole]), 0)
    share = rest / EVERYBODY
    return _Share(sum(slots[:whole]) + slots[whole] * share, ceil(SIGMAS * sqrt(slots[whole] * share * (1 - share))))


def _spread_out(by_slot: Mapping[int, int], slots: int) -> Sequence[int]:
    found = [0] * slots
    for slot, count in by_slot.items():
        found[slot] = count
    return found
