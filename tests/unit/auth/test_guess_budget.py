"""How many wrong codes are looked at, as arithmetic."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.guess_budget import DAY, MONTH, GuessBudget
from tests.fakes import NOW

BUDGET = GuessBudget(per_day=3, per_month=5)
HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


def ago(*hours: float) -> list[datetime]:
    return [NOW - each * HOUR for each in hours]


@pytest.mark.parametrize(
    ("wrong_at", "remaining", "waits"),
    [
        ([], 3, None),
        (ago(1), 2, None),
        (ago(1, 2, 3), 0, 21 * HOUR),
        (ago(3, 2, 1), 0, 21 * HOUR),  # in any order
        (ago(0, 0, 0), 0, DAY),
        (ago(24, 2, 1), 1, None),  # a day old to the microsecond: it counts for the month only
        (ago(23, 24, 25, 26, 27), 0, MONTH - 27 * HOUR),  # the month is full, the day is not
        (ago(1, 2, 3, 699, 700), 0, 21 * HOUR),  # both are: the later of the two moments
        (ago(20, 21, 22, 719, 719.5), 0, 2 * HOUR),
        (ago(720, 720, 720, 720, 720), 3, None),  # thirty days old: forgotten
        (ago(1, 1, 1, 1, 1, 1, 1), 0, MONTH - 1 * HOUR),  # the limits were lowered meanwhile
    ],
)
def test_what_is_left_and_until_when_to_wait(wrong_at: list[datetime], remaining: int, waits: timedelta | None) -> None:
    assert BUDGET.remaining(wrong_at, NOW) == remaining
    assert BUDGET.retry_at(wrong_at, NOW) == (None if waits is None else NOW + waits)


HISTORIES = st.lists(st.integers(0, 40 * 86_400).map(lambda seconds: NOW - timedelta(seconds=seconds)), max_size=12)


@given(HISTORIES)
def test_there_is_a_moment_to_wait_for_exactly_while_nothing_is_left(wrong_at: list[datetime]) -> None:
    retry_at = BUDGET.retry_at(wrong_at, NOW)

    assert (retry_at is None) == (BUDGET.remaining(wrong_at, NOW) > 0)
    if retry_at is not None:
        assert BUDGET.remaining(wrong_at, retry_at) > 0
        assert BUDGET.remaining(wrong_at, retry_at - MOMENT) == 0


@given(HISTORIES)
def test_forgetting_what_does_not_count_changes_nothing(wrong_at: list[datetime]) -> None:
    counting = BUDGET.counting(wrong_at, NOW)

    assert BUDGET.remaining(counting, NOW) == BUDGET.remaining(wrong_at, NOW)
    assert BUDGET.retry_at(counting, NOW) == BUDGET.retry_at(wrong_at, NOW)
    assert counting == sorted(counting)
