"""Codes of an authenticator app."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.totp import MOST_LABEL_CHARS, base32, is_totp_code, matching_step, otpauth_uri

SECRET = b"12345678901234567890"
# RFC 6238, appendix B (SHA-1); six digits are the last six of the eight there.
RFC_6238 = [
    (59, "94287082"),
    (1_111_111_109, "07081804"),
    (1_111_111_111, "14050471"),
    (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"),
    (20_000_000_000, "65353130"),
]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
def test_the_codes_of_the_rfc_are_right(seconds: int, code: str) -> None:
    assert matching_step(SECRET, code[-6:], at(seconds), None) == seconds // 30


@pytest.mark.parametrize(("steps_off", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_off_is_near_enough_and_two_are_not(steps_off: int, accepted: bool) -> None:
    seconds, code = RFC_6238[3]
    found = matching_step(SECRET, code[-6:], at(seconds + 30 * steps_off), None)

    assert found == (seconds // 30 if accepted else None)


@pytest.mark.parametrize(("last_step", "accepted"), [(None, True), (-1, True), (0, False), (1, False)])
def test_a_step_that_is_not_after_the_last_one_used_is_not_accepted(last_step: int | None, accepted: bool) -> None:
    seconds, code = RFC_6238[3]
    last = None if last_step is None else seconds // 30 + last_step

    assert (matching_step(SECRET, code[-6:], at(seconds), last) is not None) == accepted


@given(st.text(max_size=8))
def test_what_is_no_code_matches_nothing(text: str) -> None:
    if text not in {code[-6:] for _, code in RFC_6238}:
        assert matching_step(SECRET, text, at(59), None) is None


@pytest.mark.parametrize(
    ("text", "is_code"),
    [("012345", True), ("12345", False), ("1234567", False), ("12345a", False), ("", False), ("１２３４５６", False),
     ("٠١٢٣٤٥", False), ("123456\n", False), ("¹²³⁴⁵⁶", False), ("123 45", False)],
)  # fmt: skip
def test_a_code_is_six_ascii_digits(text: str, is_code: bool) -> None:
    assert is_totp_code(text) is is_code


def test_the_uri_says_what_an_app_needs() -> None:
    uri = otpauth_uri(SECRET, "Kim & Co", "kim@customer.example")

    assert uri.startswith("otpauth://totp/Kim%20%26%20Co:kim@customer.example?")
    assert parse_qs(urlsplit(uri).query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Kim & Co"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    assert "+" not in uri  # apps show it as it is


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=254))
def test_any_label_stays_a_label_and_fits_into_a_qr_code(label: str) -> None:
    uri = otpauth_uri(SECRET, "Gatepost", label)
    path = urlsplit(uri).path

    assert unquote(path.partition(":")[2]) == label[:MOST_LABEL_CHARS]
    assert len(uri) < 1_000


def test_a_secret_is_typed_in_32_letters() -> None:
    assert base32(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def test_a_code_is_good_for_a_minute_and_a_half() -> None:
    seconds, code = RFC_6238[3]  # the first second of its step
    times = [at(seconds) + timedelta(seconds=off) for off in (-31, -30, 0, 29, 59, 60)]

    accepted = [matching_step(SECRET, code[-6:], time, None) is not None for time in times]
    assert accepted == [False, True, True, True, True, False]
