"""Policies and versions of a region."""

from datetime import timedelta

import pytest

from services.rollout.domain.region import Objection, Policy, Region, bypass_of, policy_of
from shared.events import PolicyMode
from tests.unit.rollout.samples import DAY, ENFORCED, NOON, OFF, RAMP, decision


@pytest.mark.parametrize(
    ("mode", "percent", "share"),
    [
        (PolicyMode.OFF, None, 0),
        (PolicyMode.OFF, 5_000, 0),
        (PolicyMode.SHADOW, 5_000, 0),
        (PolicyMode.RAMP, 0, 0),
        (PolicyMode.RAMP, 1, 1),
        (PolicyMode.RAMP, 10_000, 10_000),
        (PolicyMode.ENFORCED, None, 10_000),
        (PolicyMode.ENFORCED, 1, 10_000),
    ],
)
def test_percent_says_which_share_must_give_a_code_whatever_was_sent(
    mode: PolicyMode, percent: int | None, share: int
) -> None:
    assert policy_of(mode, percent, None, None) == Policy(mode, share)


def test_a_ramp_without_percent_is_refused() -> None:
    assert policy_of(PolicyMode.RAMP, None, None, None) is Objection.RAMP_NEEDS_PERCENT


def test_a_bypass_is_no_mode_to_be_set() -> None:
    assert policy_of(PolicyMode.BYPASSED, 2_500, None, None) is Objection.BYPASS_IS_NO_MODE


def test_a_bypass_keeps_whom_it_spares_for_when_it_ends() -> None:
    until = NOON + timedelta(hours=4)
    bypassed = bypass_of(RAMP, until, NOON)
    assert bypassed == Policy(PolicyMode.BYPASSED, RAMP.percent, bypass_until=until)
    assert isinstance(bypassed, Policy)
    longer = bypass_of(bypassed, until + timedelta(hours=1), NOON + timedelta(hours=1))
    assert longer == Policy(PolicyMode.BYPASSED, RAMP.percent, bypass_until=until + timedelta(hours=1))


@pytest.mark.parametrize("standing", [OFF, Policy(PolicyMode.SHADOW, 0), Policy(PolicyMode.RAMP, 0)])
def test_where_nobody_is_asked_nothing_is_bypassed(standing: Policy) -> None:
    assert bypass_of(standing, NOON + timedelta(hours=1), NOON) is Objection.NOTHING_TO_BYPASS


@pytest.mark.parametrize("hours", [-1, 0, 4.001])
def test_a_bypass_lasts_four_hours_at_most(hours: float) -> None:
    assert bypass_of(ENFORCED, NOON + timedelta(hours=hours), NOON) is Objection.BYPASS_LENGTH


def test_an_announcement_after_the_enforcement_is_refused() -> None:
    assert policy_of(PolicyMode.OFF, None, NOON + DAY, NOON) is Objection.ANNOUNCED_AFTER_ENFORCED


def test_announcement_and_enforcement_at_the_same_moment_are_fine() -> None:
    assert policy_of(PolicyMode.OFF, None, NOON, NOON) == Policy(PolicyMode.OFF, 0, NOON, NOON)


def test_a_change_counts_up_and_keeps_name_and_salt() -> None:
    first = Region.first("emea", "salty-salt", decision(OFF), NOON)
    second = first.next(decision(RAMP, "ben", "first step"), NOON + DAY)
    assert (first.version, second.version) == (1, 2)
    assert (second.name, second.salt) == ("emea", "salty-salt")
    assert (second.policy, second.author, second.reason) == (RAMP, "ben", "first step")
    assert (first.policy, first.changed_at, second.changed_at) == (OFF, NOON, NOON + DAY)


def test_the_same_decision_again_is_another_version() -> None:
    first = Region.first("emea", "salty-salt", decision(ENFORCED), NOON)
    assert first.next(decision(ENFORCED), NOON).version == 2
