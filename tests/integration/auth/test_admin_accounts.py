"""Operators look at accounts and act on them, over HTTP and on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.auth.adapters.postgres_admin import PostgresAdmin
from services.auth.adapters.tables import audit, devices, factor_guesses, recovery_codes, sessions, totp_factors
from services.auth.domain.account import AccountStatus
from services.auth.use_cases.administer_account import Measure, Order
from shared.events import NoticeKind
from shared.postgres import migrate
from tests.fakes import NOW
from tests.integration.auth.conftest import MIGRATIONS
from tests.integration.auth.operators import Operators, operators_of
from tests.integration.shared.bad_input import answers, bad_bodies

REASON = "ticket 4711: laptop stolen"
ENDS_ALL = ("lock", "mark-sso", "reset-factors")


@pytest.fixture(scope="module")
async def operators(postgres_url: str) -> AsyncIterator[Operators]:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    async with operators_of(postgres_url) as made:
        yield made


@pytest.fixture
async def kim(operators: Operators) -> UUID:
    """An account that nobody else has."""
    return await operators.person(f"Kim-{uuid4()}", registered_at=NOW)


async def enrolled(operators: Operators, account_id: UUID) -> None:
    """With an app, one that is not confirmed, ten codes of which two are used, and a wrong guess."""
    factor = {"account_id": account_id, "secret": b"sealed", "created_at": NOW}
    await operators.insert(totp_factors, factor | {"state": "pending"}, factor | {"state": "confirmed"})
    codes = [{"account_id": account_id, "code_hash": bytes([n]), "used_at": NOW if n < 2 else None} for n in range(10)]
    await operators.insert(recovery_codes, *codes)
    await operators.insert(factor_guesses, {"account_id": account_id, "method": "totp", "wrong_at": [NOW]})


async def living(operators: Operators, account_id: UUID) -> tuple[int, int]:
    """Sessions and devices."""
    _, view = await operators.call("GET", f"/accounts/{account_id}", "viewer")
    return view["sessions"], view["devices"]


async def entries_about(operators: Operators, account_id: UUID) -> list[Any]:
    return await operators.rows(sa.select(audit).where(audit.c.account_id == account_id).order_by(audit.c.id))


async def test_an_account_is_found_by_its_name_in_any_spelling_and_by_its_id(operators: Operators) -> None:
    name = f"Lee-{uuid4()}"
    lee = await operators.person(name, registered_at=NOW, own_mfa=True, locale="pt-BR")
    await enrolled(operators, lee)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    for ended in ({}, {"revoked_at": long_ago}, {"expires_at": long_ago}):
        await operators.signed_in(lee, **ended)
        await operators.trusted(lee, **ended)
    await operators.trusted(lee)

    by_id = await operators.call("GET", f"/accounts/{lee}", "viewer")
    assert by_id == await operators.call("GET", f"/accounts?username=%20{name.upper()}", "viewer")
    assert by_id == (
        200,
        {
            "id": str(lee),
            "username": name,
            "masked_email": "k***@customer.example",
            "region": "emea",
            "locale": "pt-BR",
            "status": "active",
            "sso": False,
            "own_mfa": True,
            "totp": True,
            "recovery_codes": 8,
            "sessions": 1,
            "devices": 2,
            "registered_at": "2026-11-24T09:00:00Z",
        },
    )


@pytest.mark.parametrize("path", ["/accounts?username=nobody", "/accounts/6f1d2b8a-55a1-4a0a-9d38-8f2f6d0b7a11"])
async def test_an_account_that_is_not_there_is_404(operators: Operators, path: str) -> None:
    status, body = await operators.call("GET", path, "viewer")
    assert (status, body["type"]) == (404, "urn:gatepost:problem:unknown-account")


@pytest.mark.parametrize("path", ["/accounts", "/accounts?username=", "/accounts?username=a%00b", "/accounts/kim"])
async def test_what_is_no_name_and_no_id_is_422(operators: Operators, path: str) -> None:
    assert (await operators.call("GET", path, "viewer"))[0] == 422


@pytest.mark.parametrize(
    ("measure", "before", "field", "after"),
    [
        ("lock", {}, "status", "locked"),
        ("unlock", {"status": AccountStatus.LOCKED}, "status", "active"),
        ("mark-sso", {}, "sso", True),
        ("unmark-sso", {"sso": True}, "sso", False),
    ],
)
async def test_a_measure_changes_its_account_and_no_other(
    operators: Operators, kim: UUID, measure: str, before: dict[str, Any], field: str, after: Any
) -> None:
    lee = await operators.person(f"Lee-{uuid4()}", **before)
    others = await operators.call("GET", f"/accounts/{kim}")
    status, view = await operators.call("POST", f"/accounts/{lee}/{measure}", reason=REASON)

    assert (status, view[field]) == (200, after)
    assert view == (await operators.call("GET", f"/accounts/{lee}"))[1]
    assert others == await operators.call("GET", f"/accounts/{kim}")


@pytest.mark.parametrize(
    ("measure", "action"),
    [
        ("lock", "account-locked"),
        ("unlock", "account-unlocked"),
        ("mark-sso", "sso-marked"),
        ("unmark-sso", "sso-unmarked"),
        ("reset-factors", "factors-reset"),
        ("revoke-sessions", "session-revoked"),
    ],
)
async def test_what_a_measure_ends_is_announced_and_audited_with_its_reason(
    operators: Operators, kim: UUID, measure: str, action: str
) -> None:
    lee = await operators.person(f"Lee-{uuid4()}")
    ended = {await operators.signed_in(kim), await operators.signed_in(kim)}
    long_ago = datetime.now(UTC) - timedelta(days=1)
    await operators.signed_in(kim, revoked_at=long_ago, revoked_reason="by-owner")
    for person in (kim, lee):
        await operators.trusted(person)
    await operators.signed_in(lee)
    operators.announced.clear()
    await operators.call("POST", f"/accounts/{kim}/{measure}", reason=f"  {REASON} ")

    all_ends, sessions_end = measure in ENDS_ALL, measure in (*ENDS_ALL, "revoke-sessions")
    assert await living(operators, kim) == (0 if sessions_end else 2, 0 if all_ends else 1)
    assert await living(operators, lee) == (1, 1)
    assert set(operators.announced) == (ended if sessions_end else set())
    (entry,) = await entries_about(operators, kim)
    assert (entry.actor, entry.action, entry.reason) == ("operator:admin", action, REASON)
    assert entry.detail == {"sessions": 2 if sessions_end else 0, "devices": 1 if all_ends else 0}
    of_kim = sa.select(sessions.c.revoked_reason).where(
        sessions.c.account_id == kim, sessions.c.revoked_at.is_not(None)
    )
    reasons = sorted(row.revoked_reason for row in await operators.rows(of_kim))
    assert reasons == (sorted([action, action, "by-owner"]) if sessions_end else ["by-owner"])
    of_devices = sa.select(devices.c.revoked_reason).where(devices.c.account_id == kim)
    assert [row.revoked_reason for row in await operators.rows(of_devices)] == [action if all_ends else None]


async def test_a_reset_takes_app_and_codes_and_gives_no_guesses_back(operators: Operators, kim: UUID) -> None:
    await enrolled(operators, kim)
    _, view = await operators.call("POST", f"/accounts/{kim}/reset-factors", "support", reason=REASON)

    assert (view["totp"], view["recovery_codes"]) == (False, 0)
    assert operators.told[-1] == (NoticeKind.FACTORS_RESET, kim)
    left = {}
    for table in (totp_factors, recovery_codes, factor_guesses):
        left[table.name] = len(await operators.rows(sa.select(table).where(table.c.account_id == kim)))
    assert left == {"totp_factors": 0, "recovery_codes": 0, "factor_guesses": 1}


@pytest.mark.parametrize("measure", [*ENDS_ALL, "unlock", "unmark-sso", "revoke-sessions"])
async def test_an_unlock_and_nothing_else_lets_codes_by_mail_in_again(
    operators: Operators, kim: UUID, measure: str
) -> None:
    operators.otp.unlocked.clear()
    for _ in range(2):
        assert (await operators.call("POST", f"/accounts/{kim}/{measure}", reason=REASON))[0] == 200

    assert operators.otp.unlocked == ([kim] * 2 if measure == "unlock" else [])


async def test_an_unlock_that_does_not_reach_the_codes_is_503_and_nothing_is_done_or_audited(
    operators: Operators,
) -> None:
    lee = await operators.person(f"Lee-{uuid4()}", status=AccountStatus.LOCKED)
    operators.otp.down = True
    status, answer = await operators.call("POST", f"/accounts/{lee}/unlock", reason=REASON)
    operators.otp.down = False

    assert (status, answer["dependency"]) == (503, "otp")
    assert (await operators.call("GET", f"/accounts/{lee}"))[1]["status"] == "locked"
    assert await entries_about(operators, lee) == []


async def test_what_cannot_be_audited_is_not_done(operators: Operators, kim: UUID) -> None:
    await operators.signed_in(kim)
    order = Order(kim, Measure.LOCK, "kim", "PostgreSQL stores no NUL: \0", NOW)
    with pytest.raises(DBAPIError):
        await PostgresAdmin(operators.engine).carry_out(order)

    _, view = await operators.call("GET", f"/accounts/{kim}")
    assert (view["status"], view["sessions"]) == ("active", 1)


async def test_a_measure_on_nobody_is_404_and_leaves_no_entry(operators: Operators) -> None:
    nobody = uuid4()
    status, body = await operators.call("POST", f"/accounts/{nobody}/lock", reason=REASON)

    assert (status, body["type"]) == (404, "urn:gatepost:problem:unknown-account")
    assert await entries_about(operators, nobody) == []


ALL = {"viewer": 200, "support": 200, "admin": 200}
SUPPORT = ALL | {"viewer": 403}
ADMIN = SUPPORT | {"support": 403}
STRANGERS = {None: 401, "guess": 401}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "", ALL),
        ("GET", "/../../audit", ALL),
        *(("POST", f"/{measure}", SUPPORT) for measure in ("lock", "unlock", "reset-factors", "revoke-sessions")),
        *(("POST", f"/{measure}", ADMIN) for measure in ("mark-sso", "unmark-sso")),
    ],
)
async def test_each_role_may_do_what_is_its_own(
    operators: Operators, kim: UUID, method: str, path: str, allowed: dict[str | None, int]
) -> None:
    body = {"reason": REASON} if method == "POST" else {}
    for role, expected in (allowed | STRANGERS).items():
        assert (await operators.call(method, f"/accounts/{kim}{path}", role, **body))[0] == expected, role
    done_by = {entry.actor for entry in await entries_about(operators, kim)}
    assert done_by == {f"operator:{role}" for role, status in allowed.items() if status == 200 and method == "POST"}


async def test_whatever_is_sent_as_a_reason_is_answered_with_4xx(operators: Operators, kim: UUID) -> None:
    headers = {"Authorization": "Bearer admin"}
    url = f"{operators.url}/v1/admin/accounts/{kim}/lock"
    bodies = bad_bodies({"reason": "ab\u2028cd"})
    assert await answers(operators.http, "POST", url, bodies, headers) == {}
    assert await entries_about(operators, kim) == []


async def test_while_postgresql_is_away_it_is_503() -> None:
    async with operators_of("postgresql://postgres@127.0.0.1:1/auth") as cut_off:
        requests: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", "/accounts?username=kim", {}),
            ("POST", f"/accounts/{uuid4()}/lock", {"reason": REASON}),
            ("GET", "/audit", {}),
            ("GET", "/imports/one", {}),
            ("POST", "/imports/one", {"data": b"{}"}),
        ]
        for method, path, body in requests:
            status, answer = await cut_off.call(method, path, **body)
            assert (status, answer["dependency"]) == (503, "postgres")


async def test_the_audit_is_read_page_by_page_all_of_it_or_one_accounts(operators: Operators, kim: UUID) -> None:
    for number in range(5):
        await operators.call("POST", f"/accounts/{kim}/lock", reason=f"number {number}")
    told, after = [], 0
    while after is not None:
        _, page = await operators.call("GET", f"/audit?account_id={kim}&after_id={after}&limit=2", "viewer")
        told += page["entries"]
        after = page["next_after_id"]

    assert [entry["reason"] for entry in told] == [f"number {number}" for number in range(5)]
    assert {entry["account_id"] for entry in told} == {str(kim)}
    _, everything = await operators.call("GET", "/audit?limit=1000", "viewer")
    assert len(everything["entries"]) > 5
    for wrong in ("after_id=-1", "limit=0", "limit=1001", f"after_id={2**63}", "account_id=kim"):
        assert (await operators.call("GET", f"/audit?{wrong}", "viewer"))[0] == 422
