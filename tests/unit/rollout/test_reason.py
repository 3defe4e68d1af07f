"""What a reason must look like."""

import pytest

from services.rollout.domain.reason import ReasonObjection, reason_of


@pytest.mark.parametrize("text", ["abc", "x" * 500, "ok: 25 % → 50 %", "Größe, 理由, سبب"])
def test_a_line_of_3_to_500_characters_is_a_reason(text: str) -> None:
    assert reason_of(text) == text


def test_white_space_around_a_reason_is_dropped() -> None:
    assert reason_of(" \t wave 2  ") == "wave 2"


@pytest.mark.parametrize("text", ["", "ab", "  ab  ", " " * 400, "x" * 501])
def test_a_reason_too_short_or_too_long_is_refused(text: str) -> None:
    assert reason_of(text) is ReasonObjection.LENGTH


@pytest.mark.parametrize("char", ["\0", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ud800"])
def test_what_cannot_be_shown_in_one_line_is_refused(char: str) -> None:
    assert reason_of(f"wave{char} 2") is ReasonObjection.CONTROL_CHARACTER
