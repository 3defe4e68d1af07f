"""Codes as people type and paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.factor import Method
from services.auth.domain.typed_code import MOST_TYPED_CHARS, typed_code

DIGITS = st.text("0123456789", min_size=6, max_size=8)


@pytest.mark.parametrize("method", [Method.EMAIL_OTP, Method.TOTP])
@pytest.mark.parametrize(
    "text", ["402817", " 402817 ", "402 817", "402-817", "402 - 817", "40 28 17", "40-28-17", "4 0 2 8 1 7", "402  817"]
)
def test_spaces_and_single_hyphens_between_digits_do_not_count(method: Method, text: str) -> None:
    assert typed_code(method, text) == "402817"


@pytest.mark.parametrize("method", [Method.EMAIL_OTP, Method.TOTP])
@pytest.mark.parametrize(
    "text",
    [
        *("-402817", "402817-", "402--817", "402- -817", "-", "", " ", "402 81", "402-81", "402817123"),
        *("402\t817", "402\n817", "402817\n", "402\u00a0817", "402\u2009817", "402\u3000817", "402\u200b817"),
        *("402\u2010817", "402\u2011817", "402\u2013817", "402\u2212817", "402\uff0d817", "402.817", "402_817"),
        *("40281a", "4O2817", "402817x", "+402817", "٤٠٢٨١٧", "４０２８１７", "⁴⁰²⁸¹⁷", "402 ٨١٧", "0x4028"),
    ],
)
def test_nothing_else_is_left_out(method: Method, text: str) -> None:
    assert typed_code(method, text) is None


@pytest.mark.parametrize(("text", "by_mail"), [("1234 5678", "12345678"), ("123-4567", "1234567")])
def test_a_code_by_mail_may_have_eight_digits_and_one_of_an_app_may_not(text: str, by_mail: str) -> None:
    assert typed_code(Method.EMAIL_OTP, text) == by_mail
    assert typed_code(Method.TOTP, text) is None


@pytest.mark.parametrize("method", list(Method))
def test_what_is_longer_than_anybody_types_is_no_code(method: Method) -> None:
    code = "7MZK-0Q2R-1X9A-BCDE" if method is Method.RECOVERY_CODE else "402817"

    assert typed_code(method, code.ljust(MOST_TYPED_CHARS)) is not None
    assert typed_code(method, code.ljust(MOST_TYPED_CHARS + 1)) is None


@given(DIGITS, st.data())
def test_wherever_the_spaces_are_the_digits_stay(digits: str, data: st.DataObject) -> None:
    typed = "".join(digit + " " * data.draw(st.integers(0, 3)) for digit in digits)

    assert typed_code(Method.EMAIL_OTP, typed) == digits


@given(st.text("0123456789 -\t\u00a0a٣", max_size=12))
def test_a_code_is_digits_or_nothing(text: str) -> None:
    code = typed_code(Method.EMAIL_OTP, text)

    assert code is None or (code.isascii() and code.isdigit() and 6 <= len(code) <= 8)
    assert code is None or code == text.replace(" ", "").replace("-", "")
