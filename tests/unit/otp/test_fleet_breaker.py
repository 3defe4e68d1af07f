"""When new codes get longer, and when shorter again."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from services.otp.domain.fleet_breaker import Band, Reading, flips
from services.otp.settings import FleetSettings

BAND = Band(window=timedelta(minutes=5), least=200, high=0.5, low=0.25)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def reading(wrong: int, judged: int, *, raised_for: timedelta | None = None) -> Reading:
    since = NOW - (raised_for or timedelta(days=365))
    return Reading(NOW, wrong, judged - wrong, raised=raised_for is not None, since=since, flips=0)


@pytest.mark.parametrize(
    ("wrong", "judged", "trips"),
    [
        (0, 0, False),
        (199, 199, False),  # too few to say anything
        (200, 200, True),
        (99, 200, False),
        (100, 200, True),  # `high` itself is outside the band
        (1_500, 10_000, False),  # as people mistype on a bad day
        (4_999, 10_000, False),
        (5_000, 10_000, True),
    ],
)
def test_it_trips_where_half_of_enough_codes_are_wrong(wrong: int, judged: int, trips: bool) -> None:
    assert flips(BAND, reading(wrong, judged)) is trips


@pytest.mark.parametrize(
    ("wrong", "judged", "minutes", "falls_back"),
    [
        (0, 10_000, 4.99, False),  # the storm is in the window, or was until just now
        (0, 10_000, 5, True),
        (0, 0, 5, True),  # nobody guesses and nobody signs in
        (1, 10, 5, True),  # few are enough here
        (24, 100, 5, True),
        (25, 100, 60, False),  # calm is below `low`
        (40, 100, 60, False),  # between the two: as it was
        (500, 600, 60, False),
    ],
)
def test_it_falls_back_after_a_whole_calm_window(wrong: int, judged: int, minutes: float, falls_back: bool) -> None:
    assert flips(BAND, reading(wrong, judged, raised_for=timedelta(minutes=minutes))) is falls_back


@pytest.mark.parametrize("wrong", range(0, 1_001, 50))
def test_no_share_of_wrong_codes_flips_it_to_and_fro(wrong: int) -> None:
    trips = flips(BAND, reading(wrong, 1_000))
    falls_back = flips(BAND, reading(wrong, 1_000, raised_for=timedelta(hours=1)))

    assert not (trips and falls_back)


def test_a_band_where_it_fell_back_above_where_it_rises_would_be_no_setting() -> None:
    assert FleetSettings().band == Band()
    for wrong in ({"wrong_share_low": 0.5}, {"wrong_share_high": 0.2}, {"wrong_share_window_s": 5}):
        with pytest.raises(ValidationError):
            FleetSettings.model_validate(wrong)
