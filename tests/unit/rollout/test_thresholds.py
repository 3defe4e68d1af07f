"""Limits that say nothing are refused, as JSON and as configuration."""

import math
from typing import Any

import pytest
from scipy.stats import binom

from services.rollout.domain.thresholds import Thresholds, UnusableThreshold
from services.rollout.settings import RolloutSettings
from shared.settings import read
from tests.integration.rollout.instance import OPERATORS
from tests.unit.rollout.challenge_stories import THRESHOLDS

SHARES = [name for name in THRESHOLDS if name not in ("minimum_sample", "most_p95_accepted_s")]
LEAST: dict[str, Any] = {
    "port": 1, "kafka": "127.0.0.1:1", "database_url": "postgresql://nobody@127.0.0.1:1/rollout",
    "operators": OPERATORS,
}  # fmt: skip


def test_what_is_usable_is_made_and_told_again() -> None:
    made = Thresholds.from_json(THRESHOLDS)
    assert isinstance(made, Thresholds)
    assert made.as_json() == THRESHOLDS
    assert Thresholds.from_json(THRESHOLDS | dict.fromkeys(SHARES, 1)) == Thresholds(
        **(THRESHOLDS | dict.fromkeys(SHARES, 1))
    )


@pytest.mark.parametrize("name", THRESHOLDS)
@pytest.mark.parametrize("value", [0, 0.0, -0.1, -5, math.nan, math.inf, -math.inf, None, True, "0.5", [1]], ids=str)
def test_what_says_nothing_is_refused(name: str, value: object) -> None:
    assert Thresholds.from_json(THRESHOLDS | {name: value}) == UnusableThreshold(name)


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_missing_one_is_refused(name: str) -> None:
    assert Thresholds.from_json({key: value for key, value in THRESHOLDS.items() if key != name}) == UnusableThreshold(
        name
    )


@pytest.mark.parametrize("name", SHARES)
def test_a_share_above_all_is_refused(name: str) -> None:
    assert Thresholds.from_json(THRESHOLDS | {name: 1.01}) == UnusableThreshold(name)


def test_half_a_challenge_and_an_unknown_limit_are_refused() -> None:
    assert Thresholds.from_json(THRESHOLDS | {"minimum_sample": 99.5}) == UnusableThreshold("minimum_sample")
    assert Thresholds.from_json(THRESHOLDS | {"most_luck": 0.5}) == UnusableThreshold("most_luck")


@pytest.mark.parametrize("name", [*THRESHOLDS, "accepted_after_s", "delivered_after_s", "closed_after_s"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", ""])
def test_the_service_does_not_start_with_one_that_says_nothing(
    name: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read(RolloutSettings, **LEAST, **{f"guard_{name}": value})
    assert f"GATEPOST_GUARD_{name.upper()}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("limit", "usual"),
    [("most_bounced", 0.01), ("most_locked", 0.001), ("least_accepted", 0.99), ("least_verified", 0.8)],
)
def test_a_region_that_is_well_is_not_paused_by_chance(limit: str, usual: float) -> None:
    """With just enough challenges every minute, not once in a hundred years."""
    defaults = read(RolloutSettings, **LEAST).thresholds
    sample, bound = defaults.minimum_sample, getattr(defaults, limit)
    least = limit.startswith("least")
    by_chance = (
        binom.cdf(math.ceil(bound * sample) - 1, sample, usual) if least else binom.sf(bound * sample, sample, usual)
    )
    assert by_chance < 1 / (100 * 365.25 * 1440)


def test_a_fall_below_the_baseline_is_no_chance() -> None:
    """Of four in five, with just enough challenges every minute, less than once in a year."""
    defaults = read(RolloutSettings, **LEAST).thresholds
    sample = defaults.minimum_sample
    fallen = 0.8 - defaults.most_below_baseline
    assert binom.cdf(math.ceil(round(fallen * sample, 6)) - 1, sample, 0.8) < 1 / (365.25 * 1440)
