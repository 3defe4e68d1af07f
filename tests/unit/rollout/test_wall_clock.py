"""Dates on the clocks of regions, also when the clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.wall_clock import moment, wall
from tests.unit.rollout.plans import shown


@pytest.mark.parametrize(
    ("clock", "zone", "expected"),
    [
        (shown("2027-02-01T09:00"), "UTC", shown("2027-02-01T09:00")),
        (shown("2027-02-01T09:00"), "Europe/Berlin", shown("2027-02-01T08:00")),
        (shown("2027-07-01T09:00"), "Europe/Berlin", shown("2027-07-01T07:00")),
        (shown("2027-02-01T09:00"), "Asia/Kolkata", shown("2027-02-01T03:30")),
        (shown("2027-03-28T02:30"), "Europe/Berlin", shown("2027-03-28T01:30")),  # skipped: 03:30 in summer
        (shown("2027-10-31T02:30"), "Europe/Berlin", shown("2027-10-31T00:30")),  # the first of two
    ],
)
def test_a_moment_on_the_clock(clock: datetime, zone: str, expected: datetime) -> None:
    assert moment(clock, zone) == expected.replace(tzinfo=UTC)


def test_a_day_later_is_the_same_hour_when_the_clocks_change() -> None:
    saturday = moment(shown("2027-03-27T09:00"), "Europe/Berlin")
    sunday = moment(wall(saturday, "Europe/Berlin") + timedelta(days=1), "Europe/Berlin")
    assert sunday - saturday == timedelta(hours=23)
    assert wall(sunday, "Europe/Berlin").hour == 9


@given(
    st.datetimes(shown("2026-01-01T00:00"), shown("2030-01-01T00:00")),
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe"]),
)
def test_what_the_clock_shows_then_is_what_was_meant_or_later(clock: datetime, zone: str) -> None:
    told = wall(moment(clock, zone), zone)
    assert told == clock or timedelta(0) < told - clock <= timedelta(hours=1)
