"""Accounts from a file: what can never sign in or never get a mail is refused at the door."""

import json
from typing import Any
from uuid import uuid4

import pytest

from services.auth.use_cases.import_accounts import ImportAccounts, Imported, LineResult
from tests.fakes import FakeAccounts, FakePasswords

GOOD = {"username": "ada", "password": "correct horse", "email": "ada@example.com", "region": "emea", "locale": "en"}


async def imported(*lines: bytes | dict[str, Any]) -> list[Imported]:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return [result async for result in ImportAccounts(FakeAccounts(), FakePasswords(), uuid4)(raw)]


async def test_a_second_line_with_the_same_username_changes_nothing() -> None:
    results = await imported(GOOD, GOOD | {"username": "ＡＤＡ", "email": "other@example.com"})
    assert sorted(result.result for result in results) == [LineResult.ADDED, LineResult.PRESENT]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("locale", "en-" + "abcdefgh-" * 5 + "x"),  # longer than an event takes: the login would fail
        ("email", "a<b>@example.com"),  # the notifier would refuse it
        ("email", "nul\u0000@example.com"),
        ("username", "line\nbreak"),
        ("username", "\ud800"),
        ("region", "EMEA"),
        ("status", "gone"),
        ("extra", 1),
    ],
)
async def test_a_bad_line_is_named_by_number_and_field_and_stops_no_other(field: str, value: object) -> None:
    bad, good = await imported(GOOD | {field: value}, GOOD)
    assert (bad.line, bad.result) == (1, LineResult.BAD)
    assert bad.fields in ((field,), ("line",))
    assert good.result is LineResult.ADDED


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"\xff", b"null"])
async def test_what_is_no_object_is_a_bad_line(line: bytes) -> None:
    (result,) = await imported(line)
    assert result.result is LineResult.BAD
