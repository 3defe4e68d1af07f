"""What people type, and what rollout reads."""

from datetime import timedelta

import pytest
import typer

from services.rollout.cli.options import basis_points, length, moment


@pytest.mark.parametrize(
    ("text", "points"), [("25", 2_500), ("12.5", 1_250), ("0.01%", 1), ("100", 10_000), ("0", 0), ("5%", 500)]
)
def test_percent_becomes_basis_points(text: str, points: int) -> None:
    assert basis_points(text) == points


@pytest.mark.parametrize("text", ["", "%", "2500", "-1", "0.001", "a", "NaN", "Infinity", "1e1000"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        basis_points(text)


def test_moments_have_an_offset() -> None:
    assert moment("2027-02-01T09:00:00+01:00") == "2027-02-01T08:00:00+00:00"
    assert moment("none") == "none"
    for text in ("2027-02-01", "2027-02-01T09:00", "tomorrow", "", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(typer.BadParameter):
            moment(text)


def test_lengths_are_hours_and_minutes() -> None:
    assert [length(text) for text in ("2h", "90m", "1h30m")] == [
        timedelta(hours=2),
        timedelta(minutes=90),
        timedelta(minutes=90),
    ]
    for text in ("", "2", "h", "30s", "1d", "99999999999999999999h"):
        with pytest.raises(typer.BadParameter):
            length(text)
