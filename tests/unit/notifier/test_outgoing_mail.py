"""What may be an address, a code, a purpose."""

import pytest

from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.domain.passcode_mail import Purpose, is_code, purpose_of
from shared.mail_address import is_address
from tests.unit.notifier.fakes import ADDRESS, CODE, passcode_issued


@pytest.mark.parametrize(
    "address", ["kim@customer.example", "o'neil+gate.post@mail.customer.example", "kim@localhost", "kím@bücher.example"]
)
def test_a_plain_address_passes(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "kim",
        "kim@",
        "@customer.example",
        "kim@customer.example\r\nBcc: evil@evil.example",
        "kim@customer.example\n",
        "kim@customer.example, evil@evil.example",
        "kim@customer.example;evil@evil.example",
        "Kim <kim@customer.example>",
        "<kim@customer.example>",
        "kim@a@b.example",
        '"kim"@customer.example',
        "kim @customer.example",
        "kim\u202e@customer.example",
        "kim\x00@customer.example",
        "k" * 65 + "@customer.example",
        "kim@" + "c" * 256,
    ],
)
def test_whatever_could_be_more_than_one_address_is_refused(address: str) -> None:
    assert not is_address(address)


@pytest.mark.parametrize("code", ["4028", CODE, "40281799", "000000"])
def test_digits_are_a_code(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize("code", ["", "402", "4" * 13, "４０２８１７", "402817\n", " 402817", "40281a"])
def test_anything_else_is_no_code(code: str) -> None:
    assert not is_code(code)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_known_purpose_is_called_as_in_the_events(purpose: Purpose) -> None:
    assert purpose_of(purpose.value) is purpose


@pytest.mark.parametrize("text", ["close-account", "LOGIN", "<b>pay</b>", ""])
def test_an_unknown_purpose_is_worded_in_general(text: str) -> None:
    assert purpose_of(text) is Purpose.OTHER


def test_the_repr_of_a_mail_shows_neither_code_nor_address() -> None:
    mail = OutgoingMail(passcode_issued().message_id, ADDRESS, Content("Subject", CODE, CODE))
    assert CODE not in repr(mail)
    assert ADDRESS not in repr(mail)
