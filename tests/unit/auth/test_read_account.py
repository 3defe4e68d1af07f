"""A line of an import: what can never sign in or never get a mail is refused at the door, by the field's name."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.auth.use_cases.read_account import ImportedAccount, read_account

HASH = "$2b$12$abcdefghijklmnopqrstuu" + "A" * 30 + "C"
GOOD = {"username": "kim", "password": "right", "email": "kim@customer.example", "region": "emea"}


def line(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_what_is_left_out_has_the_usual_value() -> None:
    given = read_account(line())

    assert isinstance(given, ImportedAccount)
    assert (given.locale, given.sso, given.own_mfa, given.status) == ("en", False, False, "active")
    assert given.password_hash is None
    assert given.registered_at is None


@pytest.mark.parametrize("sent", ["2026-11-01T12:00:00Z", "2026-11-01T13:00:00+01:00"])
def test_a_time_of_registration_is_taken_with_its_zone(sent: str) -> None:
    given = read_account(line(registered_at=sent))

    assert isinstance(given, ImportedAccount)
    assert given.registered_at == datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_a_hash_stands_in_for_the_password_and_is_not_shown() -> None:
    given = read_account(line(password=None, password_hash=HASH))

    assert isinstance(given, ImportedAccount)
    assert given.password_hash is not None
    assert given.password_hash.get_secret_value() == HASH
    assert HASH not in repr(given)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("locale", "en-" + "abcdefgh-" * 5 + "x"),  # longer than an event takes: the login would fail
        ("locale", "x" * 50),
        ("email", "kim"),
        ("email", "a<b>@example.com"),  # the notifier would refuse it
        ("email", "nul\u0000@example.com"),
        ("username", "line\nbreak"),
        ("username", "nul\u0000"),
        ("username", "u" * 255),
        ("username", "  "),
        ("username", "\ufdfa" * 254),  # 18 characters each once it is a key: more than an index takes
        ("region", "EMEA"),
        ("status", "gone"),
        ("password", ""),
        ("password", "p" * 1025),
        ("password_hash", HASH),  # beside a password
        ("registered_at", "2026-11-01T12:00:00"),  # whose noon?
        ("registered_at", 1_700_000_000),
        ("registered_at", "0001-01-01T00:00:00+14:00"),
        ("registered_at", "9999-12-31T23:59:59-14:00"),
        ("sso", "perhaps"),
    ],
)
def test_what_does_not_fit_is_named_by_its_field(field: str, value: object) -> None:
    assert read_account(line(**{field: value})) == (field,)


@pytest.mark.parametrize("stored", ["", "plain", "$2b$31$" + HASH[7:], HASH + "\n"])
def test_a_hash_that_cannot_be_verified_or_costs_too_much_is_refused(stored: str) -> None:
    assert read_account(line(password=None, password_hash=stored)) == ("password_hash",)


def test_several_wrong_fields_are_named_together() -> None:
    assert read_account(line(email="kim", region="EMEA")) == ("email", "region")
    assert read_account(b"{}") == ("email", "region", "username")


def test_the_name_of_an_unknown_field_is_not_repeated() -> None:
    assert read_account(line(**{"kim@customer.example": 1})) == ("unknown-field",)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null", b'{"username": "\\ud800"}', None])
def test_what_is_no_object_is_a_bad_line(content: bytes | None) -> None:
    assert read_account(content) == ("line",)


def test_a_carriage_return_at_the_end_does_no_harm() -> None:
    assert isinstance(read_account(line() + b"\r"), ImportedAccount)


def test_the_span_of_times_is_what_every_zone_can_hold() -> None:
    assert isinstance(read_account(line(registered_at="1970-01-01T00:00:00Z")), ImportedAccount)
    late = datetime(2100, 1, 1, tzinfo=UTC) - timedelta(seconds=1)
    assert isinstance(read_account(line(registered_at=late.isoformat())), ImportedAccount)
