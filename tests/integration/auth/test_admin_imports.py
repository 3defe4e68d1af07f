"""Accounts imported over HTTP: a body of any length, broken off and sent again."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import sqlalchemy as sa

from services.auth.adapters.tables import accounts, audit
from services.auth.use_cases.import_accounts import BATCH_LINES
from shared.http_service import MAX_BODY_BYTES
from shared.postgres import migrate
from tests.integration.auth.conftest import HASH, MIGRATIONS
from tests.integration.auth.operators import Operators, operators_of
from tests.wait_until import wait_until

ADMIN = {"Authorization": "Bearer admin"}


@pytest.fixture(scope="module")
async def operators(postgres_url: str) -> AsyncIterator[Operators]:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    async with operators_of(postgres_url) as made:
        yield made


@pytest.fixture
def import_id() -> str:
    return f"import-{uuid4()}"


def people(prefix: str, count: int, bad: Iterable[int] = ()) -> list[bytes]:
    """`bad` are the numbers of the lines whose region does not fit."""
    return [
        json.dumps(
            {
                "username": f"{prefix}-{line}",
                "password_hash": HASH,
                "email": "canary@customer.example",
                "region": "EMEA" if line in bad else "emea",
            }
        ).encode()
        + b"\n"
        for line in range(1, count + 1)
    ]


async def stored(operators: Operators, prefix: str) -> int:
    found = await operators.rows(sa.select(sa.func.count()).where(accounts.c.username_key.startswith(f"{prefix}-")))
    count: int = found[0][0]
    return count


async def progress(operators: Operators, import_id: str) -> dict[str, Any]:
    status, body = await operators.call("GET", f"/imports/{import_id}", "viewer")
    assert status == 200
    found: dict[str, Any] = body
    return found


async def test_a_long_body_is_imported_and_the_bad_lines_can_be_read(operators: Operators, import_id: str) -> None:
    bad = range(1, 2_401, 2)
    content = b"".join(people(import_id, 3_000, bad))
    assert len(content) > 5 * MAX_BODY_BYTES
    status, done = await operators.call("POST", f"/imports/{import_id}", data=content)

    assert (status, done) == (
        200,
        {
            "import_id": import_id,
            "lines": 3_000,
            "added": 1_800,
            "present": 0,
            "bad": 1_200,
            "finished": True,
            "problems": [{"line": line, "fields": ["region"]} for line in bad[:100]],
        },
    )
    assert await progress(operators, import_id) == done
    assert await stored(operators, import_id) == 1_800
    lines, after = [], 0
    while after is not None:
        _, page = await operators.call("GET", f"/imports/{import_id}/problems?after_line={after}", "viewer")
        lines += [each["line"] for each in page["problems"]]
        after = page["next_after_line"]
    assert lines == [*bad]
    ends = await operators.rows(sa.select(audit).where(audit.c.action == "accounts-imported"))
    assert [end.actor for end in ends if end.detail["import_id"] == import_id] == ["operator:admin"]


async def test_a_client_that_went_away_in_the_middle_goes_on_there(operators: Operators, import_id: str) -> None:
    lines = people(import_id, 3_500, bad=(7, 3_400))
    gone = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"".join(lines[: 2 * BATCH_LINES + 100]) + lines[-1][:10]
        await gone.wait()

    sending = asyncio.create_task(operators.call("POST", f"/imports/{import_id}", data=body()))
    await wait_until(lambda: _beyond(operators, import_id, 2 * BATCH_LINES))
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    left = await progress(operators, import_id)
    assert (left["lines"], left["finished"]) == (2 * BATCH_LINES, False)
    begun = await operators.rows(sa.select(audit).where(audit.c.action == "import-begun"))
    assert [each.actor for each in begun if each.detail["import_id"] == import_id] == ["operator:admin"]
    status, done = await operators.call("POST", f"/imports/{import_id}", data=b"".join(lines))

    assert (status, done["lines"], done["added"], done["present"], done["bad"]) == (200, 3_500, 3_498, 0, 2)
    assert [each["line"] for each in done["problems"]] == [7, 3_400]
    assert await stored(operators, import_id) == 3_498


async def _beyond(operators: Operators, import_id: str, lines: int) -> bool:
    status, body = await operators.call("GET", f"/imports/{import_id}", "viewer")
    return status == 200 and body["lines"] >= lines


async def test_of_two_with_one_id_the_later_goes_on_and_the_other_is_409(operators: Operators, import_id: str) -> None:
    lines = people(import_id, 2_500)
    overtaken = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"".join(lines[: 2 * BATCH_LINES + 100])
        await overtaken.wait()
        yield b"".join(lines[2 * BATCH_LINES + 100 :])

    first = asyncio.create_task(operators.call("POST", f"/imports/{import_id}", data=body()))
    await wait_until(lambda: _beyond(operators, import_id, 2 * BATCH_LINES))
    status, done = await operators.call("POST", f"/imports/{import_id}", data=b"".join(lines))
    overtaken.set()
    refused, why = await first

    assert (status, done["added"], done["present"], done["finished"]) == (200, 2_500, 0, True)
    assert (refused, why["type"]) == (409, "urn:gatepost:problem:import-running")
    assert await stored(operators, import_id) == 2_500


async def test_of_many_at_once_one_ends_and_every_account_is_counted_once(operators: Operators, import_id: str) -> None:
    content = b"".join(people(import_id, 5_000, bad=(4_999,)))
    calls = (operators.call("POST", f"/imports/{import_id}", data=content) for _ in range(4))
    statuses = sorted([status for status, _ in await asyncio.gather(*calls)])
    found = await progress(operators, import_id)

    assert statuses[0] == 200
    assert set(statuses) <= {200, 409}
    assert (found["lines"], found["added"], found["present"], found["bad"]) == (5_000, 4_999, 0, 1)
    assert await stored(operators, import_id) == 4_999


async def test_the_same_body_again_changes_nothing(operators: Operators, import_id: str) -> None:
    content = b"".join(people(import_id, 10))
    first = await operators.call("POST", f"/imports/{import_id}", data=content)

    assert await operators.call("POST", f"/imports/{import_id}", data=content) == first


async def test_passwords_are_hashed(operators: Operators, import_id: str) -> None:
    line = {"username": import_id, "password": "canary", "email": "kim@customer.example", "region": "emea"}
    await operators.call("POST", f"/imports/{import_id}", data=json.dumps(line).encode())
    ((found,),) = await operators.rows(sa.select(accounts.c.password_hash).where(accounts.c.username == import_id))

    assert found.startswith("$argon2id$")


@pytest.mark.parametrize("content", [b"\x00" * 100_000, b"{" * 100_000, b"\n" * 2_000, b"\xff\xfe\n[]"])
async def test_nonsense_is_bad_lines(operators: Operators, import_id: str, content: bytes) -> None:
    status, done = await operators.call("POST", f"/imports/{import_id}", data=content)

    assert (status, done["added"], done["bad"]) == (200, 0, done["lines"])
    assert {tuple(each["fields"]) for each in done["problems"]} == {("line",)}


async def test_only_admins_import_and_every_operator_may_look(operators: Operators, import_id: str) -> None:
    content = b"".join(people(import_id, 10))
    for role, expected in ((None, 401), ("viewer", 403), ("support", 403), ("admin", 200)):
        assert (await operators.call("POST", f"/imports/{import_id}", role, data=content))[0] == expected
    for path in (f"/imports/{import_id}", f"/imports/{import_id}/problems"):
        for role, expected in ((None, 401), ("viewer", 200), ("support", 200), ("admin", 200)):
            assert (await operators.call("GET", path, role))[0] == expected


async def test_an_import_that_nobody_began_is_404_and_an_id_that_is_none_is_422(operators: Operators) -> None:
    for path in ("/imports/none", "/imports/none/problems"):
        status, body = await operators.call("GET", path)
        assert (status, body["type"]) == (404, "urn:gatepost:problem:unknown-import")
    for wrong in ("..%2f", "a b", "a" * 65, "ä", "-a"):
        assert (await operators.call("GET", f"/imports/{wrong}"))[0] in (404, 422)
        assert (await operators.call("POST", f"/imports/{wrong}", data=b""))[0] in (404, 422)
    assert (await operators.call("GET", "/imports/none/problems?after_line=-1"))[0] == 422


async def test_other_bodies_have_the_usual_limit(operators: Operators) -> None:
    async with aiohttp.ClientSession(headers=ADMIN) as http:
        url = f"{operators.url}/v1/admin/accounts/{uuid4()}/lock"
        async with http.post(url, data=b"a" * (MAX_BODY_BYTES + 1)) as response:
            assert response.status == 413
