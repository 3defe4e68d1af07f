"""The arithmetic of a preview."""

import random
from math import sqrt
from typing import Any

import pytest

from services.rollout.domain.accuracy import Note
from services.rollout.domain.logins import BusiestHour
from services.rollout.domain.preview import Facts, Preview, PreviewStep, preview
from shared.events import CohortSpread
from tests.fakes import NOW
from tests.unit.rollout.audience import SALT, limit, population


def facts(**changes: Any) -> Facts:
    values = {"salt": SALT, "population": population(), "suppressed": 0, "busiest": None, "providers": ()}
    return Facts(**{**values, **changes})


def found(*percents: int, **changes: Any) -> Preview:
    return preview("emea", facts(**changes), percents, NOW)


def step(percent: int, **changes: Any) -> PreviewStep:
    (only,) = found(percent, **changes).steps
    return only


@pytest.mark.parametrize(
    ("percent", "challenged", "unusable"),
    [(0, 0, 0), (2_500, 190, 0), (5_000, 190 + 188, 2), (7_500, 190 + 188 + 195, 2), (10_000, 760, 2)],
)
def test_whole_slots_are_exact(percent: int, challenged: int, unusable: int) -> None:
    one = step(percent)
    assert (one.challenged, one.off_by, one.unusable) == (challenged, 0, unusable)


def test_a_slot_in_which_a_share_ends_is_an_estimate_that_says_how_far_off_it_may_be() -> None:
    one = step(3_750)
    assert one.challenged == 190 + 94
    assert one.off_by == 21  # 3 * sqrt(188 * 0.5 * 0.5) = 20.6
    assert one.unusable == 1


def test_slots_of_one_cohort_each_make_every_share_exact() -> None:
    dice = random.Random(7)
    counts = [dice.randrange(12) for _ in range(10_000)]
    fine = population(spread=CohortSpread(salt=SALT, concerned=counts, unusable={3: 1}), concerned=sum(counts))
    for percent in (1, 3, 4, 333, 2_501, 9_999):
        one = step(percent, population=fine)
        assert (one.challenged, one.off_by) == (sum(counts[:percent]), 0)
        assert one.unusable == (1 if percent > 3 else 0)


def test_the_bound_of_an_estimate_holds_for_accounts_that_are_spread_by_chance() -> None:
    dice = random.Random(7)
    one = step(3_750)
    assert one.challenged is not None
    assert one.off_by is not None
    missed = 0
    for _ in range(1_000):
        truth = 190 + sum(dice.random() < 0.5 for _ in range(188))
        missed += abs(truth - one.challenged) > one.off_by
    assert missed < 1_000 / 370 + 3 * sqrt(1_000 / 370)


@pytest.mark.parametrize("salt", [None, "another-salt-of-a-region"])
def test_without_the_regions_own_ramp_accounts_are_taken_as_evenly_spread(salt: str | None) -> None:
    one = step(2_500, salt=salt)
    assert one.challenged == 190
    assert one.off_by == 36  # 3 * sqrt(760 * 0.25 * 0.75) = 35.8
    assert Note.EVENLY in found(2_500, salt=salt).notes
    assert step(10_000, salt=salt).off_by == 0
    assert step(2_500, population=population(spread=None)) == one


def test_a_region_that_was_not_counted_has_no_counts_and_says_so() -> None:
    one = step(2_500, population=None, busiest=BusiestHour(NOW, 6_000))
    assert (one.challenged, one.off_by, one.unusable, one.suppressed) == (None, None, None, None)
    assert one.codes_per_minute == 25.0
    assert Note.NOT_COUNTED in found(1, population=None).notes


def test_suppressed_accounts_are_spread_evenly_and_never_more_than_are_asked() -> None:
    assert step(2_500, suppressed=100).suppressed == 25
    assert step(2_500, suppressed=10_000).suppressed == 190


def test_codes_are_the_share_of_the_busiest_hour() -> None:
    one = step(2_500, busiest=BusiestHour(NOW, 6_000))
    assert one.codes_per_minute == 25.0
    assert one.busiest_minute == 40  # 25 + 3 * sqrt(25)
    quiet = step(0, busiest=BusiestHour(NOW, 6_000))
    assert (quiet.codes_per_minute, quiet.busiest_minute) == (0.0, 0)


def test_without_logins_no_codes_are_foretold() -> None:
    one = step(2_500, providers=[limit()])
    assert (one.codes_per_minute, one.busiest_minute, one.fits) == (None, None, {"sendgrid": None})
    assert Note.NO_LOGINS in found(1).notes


@pytest.mark.parametrize(
    ("observed", "fits"),
    [
        ({"most_per_minute": 40}, True),
        ({"most_per_minute": 39}, None),
        ({"most_per_minute": 39, "limit_per_minute": 40}, True),
        ({"most_per_minute": 4_000, "limit_per_minute": 39}, False),
        ({"most_per_minute": 4_000, "set_per_minute": 39}, False),
        ({"most_per_minute": 0, "set_per_minute": 40}, None),
    ],
)
def test_a_step_fits_what_a_provider_is_known_to_take(observed: dict[str, int], fits: bool | None) -> None:
    busy = BusiestHour(NOW, 6_000)  # 40 codes in its busiest minute
    assert step(2_500, busiest=busy, providers=[limit(**observed)]).fits == {"sendgrid": fits}


def test_steps_rise_and_come_once() -> None:
    assert [one.percent for one in found(5_000, 100, 5_000, 0).steps] == [0, 100, 5_000]


def test_what_is_exact_and_what_is_not_is_said() -> None:
    assert found(1).notes == [Note.COUNTED, Note.BY_RAMP, Note.SUPPRESSED, Note.NO_LOGINS, Note.NO_PROVIDER]
    whole = found(1, busiest=BusiestHour(NOW, 1), providers=[limit()])
    assert whole.notes[-2:] == [Note.LOGINS, Note.ALONE]
