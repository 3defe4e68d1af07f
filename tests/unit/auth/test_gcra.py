"""A burst at once, then one each interval; and a clock that misbehaves locks nobody out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.gcra import Limit, refund, spend

LIMIT = Limit(3, 1000)
NOW = 1_790_000_000_000

limits = st.builds(Limit, st.integers(1, 50), st.integers(1, 100_000))
tats = st.integers(0, 2 * NOW)


def test_the_burst_is_there_at_once_and_the_next_one_after_the_interval() -> None:
    tat = 0
    for _ in range(3):
        decision = spend(LIMIT, tat, NOW)
        assert decision.allowed
        tat = decision.tat
    refused = spend(LIMIT, tat, NOW)

    assert (refused.allowed, refused.retry_after_ms) == (False, 1000)
    assert spend(LIMIT, tat, NOW + 400).retry_after_ms == 600
    assert not spend(LIMIT, tat, NOW + 999).allowed
    assert spend(LIMIT, tat, NOW + 1000).allowed


def test_one_that_was_given_back_can_be_taken_again() -> None:
    tat = 0
    for _ in range(3):
        tat = spend(LIMIT, tat, NOW).tat
    tat = refund(LIMIT, tat, NOW)

    assert spend(LIMIT, tat, NOW).allowed
    assert not spend(LIMIT, spend(LIMIT, tat, NOW).tat, NOW).allowed


@given(limits, st.lists(st.integers(0, 50_000), max_size=200))
def test_no_pattern_of_calls_gets_more_than_the_burst_and_one_an_interval(limit: Limit, pauses: list[int]) -> None:
    now, tat, taken = NOW, 0, 0
    for pause in pauses:
        now += pause
        decision = spend(limit, tat, now)
        if decision.allowed:
            tat, taken = decision.tat, taken + 1
        assert taken <= limit.burst + (now - NOW) // limit.every_ms


@given(limits, tats)
def test_whoever_waits_as_long_as_he_is_told_is_let_in_and_not_a_moment_earlier(limit: Limit, tat: int) -> None:
    refused = spend(limit, tat, NOW)
    if not refused.allowed:
        assert spend(limit, refused.tat, NOW + refused.retry_after_ms).allowed
        assert not spend(limit, refused.tat, NOW + refused.retry_after_ms - 1).allowed


@given(limits, tats)
def test_nobody_waits_longer_than_one_interval_whatever_is_stored(limit: Limit, tat: int) -> None:
    """A stored time far ahead: the clock was set back, or the limit was lower then."""
    assert spend(limit, tat, NOW).retry_after_ms <= limit.every_ms


@given(limits, tats, st.integers(0, 60))
def test_giving_back_never_makes_more_than_the_burst(limit: Limit, tat: int, times: int) -> None:
    for _ in range(times):
        tat = refund(limit, tat, NOW)
    for _ in range(limit.burst):
        tat = spend(limit, tat, NOW).tat

    assert not spend(limit, tat, NOW).allowed


@given(limits, st.integers(0, NOW + 10_000))
def test_a_success_costs_nothing(limit: Limit, tat: int) -> None:
    decision = spend(limit, tat, NOW)
    if decision.allowed:
        assert refund(limit, decision.tat, NOW) == max(tat, NOW)


def test_a_limit_is_written_as_burst_and_seconds() -> None:
    assert Limit.parse("10/60") == Limit(10, 60_000)
    assert Limit.parse("1/1") == Limit(1, 1_000)


@pytest.mark.parametrize(
    "text", ["", "10", "0/60", "10/0", "-1/60", "10/-1", "a/b", "10/60/1", "10/0.5", "10/inf", "10/nan"]
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Limit.parse(text)


def test_half_of_a_limit_still_lets_somebody_in() -> None:
    assert Limit(10, 1).halved() == Limit(5, 1)
    assert Limit(1, 1).halved() == Limit(1, 1)
