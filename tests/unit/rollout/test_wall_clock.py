"""Dates on the clocks of regions, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.wall_clock import later, moment
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


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2027-03-27T08:00", timedelta(days=1), "2027-03-28T07:00"),  # 09:00 on both days
        ("2027-10-30T07:00", timedelta(days=1), "2027-10-31T08:00"),
        ("2027-10-30T07:00", timedelta(days=1, hours=6), "2027-10-31T14:00"),
        ("2027-03-28T00:30", timedelta(hours=2), "2027-03-28T02:30"),
        ("2027-10-31T00:30", timedelta(hours=1), "2027-10-31T01:30"),  # 02:30, and 02:30 again
        ("2027-10-31T01:05", timedelta(minutes=30), "2027-10-31T01:35"),  # 02:05 again: 02:35 was an hour before
        ("2027-10-31T01:05", timedelta(days=1), "2027-11-01T01:05"),
    ],
)
def test_days_stay_at_their_hour_and_hours_pass(start: str, span: timedelta, expected: str) -> None:
    assert later(shown(start).replace(tzinfo=UTC), span, "Europe/Berlin") == shown(expected).replace(tzinfo=UTC)


@given(
    st.datetimes(shown("2026-01-01T00:00"), shown("2030-01-01T00:00")).map(lambda start: start.replace(tzinfo=UTC)),
    st.timedeltas(timedelta(seconds=1), timedelta(days=90)),
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe"]),
)
def test_what_is_later_is_later_by_an_hour_more_or_less(start: datetime, span: timedelta, zone: str) -> None:
    off_by = later(start, span, zone) - start - span
    assert abs(off_by) <= (timedelta(hours=1) if span.days else timedelta(0))


@given(
    st.datetimes(shown("2026-01-01T00:00"), shown("2030-01-01T00:00")),
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe"]),
)
def test_what_the_clock_shows_then_is_what_was_meant_or_later(clock: datetime, zone: str) -> None:
    told = moment(clock, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert told == clock or timedelta(0) < told - clock <= timedelta(hours=1)
