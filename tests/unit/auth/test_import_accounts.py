"""Accounts from a file: each line by itself, a bad one named without its content."""

import json
from collections.abc import Iterator
from uuid import uuid4

from services.auth.use_cases.import_accounts import ImportAccounts, Imported, LineResult
from tests.fakes import FakeAccounts, FakePasswords

GOOD = {"username": "kim", "password": "right", "email": "kim@customer.example", "region": "emea"}


def line(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


async def run(accounts: FakeAccounts, *lines: bytes) -> list[Imported]:
    importing = ImportAccounts(accounts, FakePasswords(), uuid4, at_once=2)
    return [imported async for imported in importing(iter(lines))]


async def test_each_line_becomes_an_account() -> None:
    accounts = FakeAccounts()
    results = await run(accounts, line(), line(username="lee", sso=True, own_mfa=True, status="locked", locale="pt-BR"))
    kim, lee = await accounts.find("kim"), await accounts.find("lee")

    assert [each.result for each in results] == [LineResult.ADDED, LineResult.ADDED]
    assert kim is not None
    assert lee is not None
    assert (kim.email, kim.region, kim.locale, kim.password_hash) == (
        "kim@customer.example",
        "emea",
        "en",
        "hash:right",
    )
    assert (lee.sso, lee.own_mfa, lee.status, lee.locale) == (True, True, "locked", "pt-BR")


async def test_again_it_changes_nothing() -> None:
    accounts = FakeAccounts()
    await run(accounts, line())
    before = await accounts.find("kim")

    assert [each.result for each in await run(accounts, line(username="KIM", region="apac"))] == [LineResult.PRESENT]
    assert await accounts.find("kim") == before


async def test_a_bad_line_is_named_by_number_and_field_and_stops_nothing() -> None:
    bad = [
        line(email="kim"), line(region="EMEA"), line(username="a\nb"), line(username="a\x00b"), line(extra=1),
        line(password=""), line(password="p" * 1025), line(status="gone"), b"{", b"", b"\xff", b"[]",
        b'{"username": "\\ud800"}', line(locale="x" * 50), line(username="u" * 255),
    ]  # fmt: skip
    accounts = FakeAccounts()
    results = await run(accounts, line(), *bad, line(username="lee"))

    assert [each.line for each in results] == list(range(1, len(bad) + 3))
    assert [each.result for each in results[1:-1]] == [LineResult.BAD] * len(bad)
    assert results[-1].result is LineResult.ADDED
    assert all(each.fields for each in results[1:-1])
    assert "customer.example" not in str(results)
    assert results[1].fields == ("email",)


async def test_an_account_may_be_without_a_password() -> None:
    accounts = FakeAccounts()
    await run(accounts, line(password=None))
    kim = await accounts.find("kim")

    assert kim is not None
    assert kim.password_hash is None


async def test_lines_are_taken_as_they_come_and_not_all_at_once() -> None:
    taken = []

    def lines() -> Iterator[bytes]:
        for number in range(100):
            taken.append(number)
            yield line(username=f"user-{number}")

    results = ImportAccounts(FakeAccounts(), FakePasswords(), uuid4, at_once=4)(lines())
    await anext(results)

    assert len(taken) == 4
    await results.aclose()  # type: ignore[attr-defined]
