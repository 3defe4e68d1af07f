"""The same code once more, over HTTP, beside an OTP service that says what the test tells it to."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from services.auth.domain.account import AccountStatus
from services.auth.domain.factor import Method
from shared.sealing import Unsealer
from tests.integration.auth.beside_stand_in import BesideStandIn, beside_stand_in
from tests.integration.auth.otp_stand_in import OPEN, in_a_while
from tests.integration.auth.test_sign_in import problem_name
from tests.integration.otp.settings import NOTIFIER
from tests.integration.shared.bad_input import answers, bad_bodies


@pytest.fixture(scope="module")
async def beside(
    kafka_bootstrap: str, database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BesideStandIn]:
    snapshot = tmp_path_factory.mktemp("auth") / "policy.json"
    async with beside_stand_in(kafka_bootstrap, database, snapshot) as made:
        yield made


@pytest.fixture(autouse=True)
def _as_new(beside: BesideStandIn) -> None:
    beside.otp.asked.clear()
    beside.otp.down = False


async def test_a_mail_is_sent_again_to_the_owner_and_the_next_time_is_told(beside: BesideStandIn) -> None:
    made, at = await beside.challenge(account={"email": "kim@customer.example", "locale": "pt-BR"}), in_a_while()
    beside.otp.resending = {"result": "sent", "resend_available_at": at, "retry_at": None}
    status, body, headers = await beside.resend(made)

    assert (status, headers["Cache-Control"]) == (202, "no-store")
    assert list(body) == ["resend_available_at"]
    assert body["resend_available_at"].rstrip("Z") == at.removesuffix("+00:00")
    ((verb, asked),) = beside.otp.asked
    assert (verb, asked["locale"], asked["region"], asked["purpose"]) == ("resend", "pt-BR", "auth-enforced", "login")
    address = Unsealer(NOTIFIER).unseal(asked["address"], f"address:{made['challenge_id']}")
    assert address == "kim@customer.example"


async def test_after_the_last_resend_no_other_is_announced(beside: BesideStandIn) -> None:
    beside.otp.resending = {"result": "sent", "resend_available_at": None}

    assert (await beside.resend(await beside.challenge()))[:2] == (202, {"resend_available_at": None})


@pytest.mark.parametrize(
    ("result", "status", "name", "members"),
    [
        ("no-more", 429, "no-more-resends", {}),
        ("too-late", 410, "challenge-ending", {}),
        ("locked", 429, "too-many-attempts", {"attempts_remaining": 0}),
        ("disabled", 429, "too-many-attempts", {"attempts_remaining": 0, "reason": "disabled"}),
        ("refused", 429, "too-many-attempts", {"attempts_remaining": 0, "reason": "refused"}),
        *((reason, 410, "challenge-closed", {"reason": reason}) for reason in ("used", "expired", "void")),
    ],
)
async def test_a_mail_that_is_not_sent_again_says_why(
    beside: BesideStandIn, result: str, status: int, name: str, members: dict[str, Any]
) -> None:
    beside.otp.resending = {"result": result, "resend_available_at": None, "retry_at": None}
    got, body, headers = await beside.resend(await beside.challenge())

    assert (got, problem_name(body)) == (status, name)
    assert {field: body[field] for field in body if field not in ("type", "title", "status")} == members
    assert "Retry-After" not in headers


@pytest.mark.parametrize(
    ("result", "name", "member"),
    [
        ("too-soon", "resend-too-soon", "resend_available_at"),
        ("too-many-mails", "too-many-mails", "retry_at"),
        ("refused", "too-many-attempts", "retry_at"),
    ],
)
async def test_where_waiting_helps_it_is_told_for_how_long(
    beside: BesideStandIn, result: str, name: str, member: str
) -> None:
    at = in_a_while(30)
    beside.otp.resending = {"result": result, "resend_available_at": None, "retry_at": at}
    status, body, headers = await beside.resend(await beside.challenge())

    assert (status, problem_name(body), body[member]) == (429, name, at)
    assert 20 <= int(headers["Retry-After"]) <= 30


async def test_a_code_that_is_not_made_yet_is_asked_for_again_in_a_second(beside: BesideStandIn) -> None:
    beside.otp.resending = {"result": "not-issued"}
    made = await beside.challenge(methods=(Method.TOTP, Method.EMAIL_OTP))  # nor was a mail asked for
    status, body, headers = await beside.resend(made)

    assert (status, problem_name(body), headers["Retry-After"]) == (409, "not-issued-yet", "1")


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"methods": (Method.TOTP,)}, 422, "method-not-offered"),
        ({"account": {"status": AccountStatus.LOCKED}}, 403, "account-locked"),
        ({"epoch": 7}, 410, "challenge-closed"),
    ],
)
async def test_what_needs_no_mail_sends_none(
    beside: BesideStandIn, changes: dict[str, Any], status: int, name: str
) -> None:
    got, body, _ = await beside.resend(await beside.challenge(**changes))

    assert (got, problem_name(body)) == (status, name)
    assert beside.otp.asked == []


async def test_the_id_without_the_token_sends_nothing(beside: BesideStandIn) -> None:
    made = await beside.challenge()
    for other in (made | {"challenge_token": "nonsense"}, made | {"challenge_id": str(uuid4())}):
        status, body, _ = await beside.resend(other)
        assert (status, body["reason"]) == (410, "unknown")
    assert beside.otp.asked == []


async def test_while_the_otp_service_is_away_it_is_503(beside: BesideStandIn) -> None:
    beside.otp.down = True
    status, body, headers = await beside.resend(await beside.challenge())

    assert (status, body["dependency"]) == (503, "otp")
    assert int(headers["Retry-After"]) > 0


async def test_no_body_is_worse_than_a_client_error(beside: BesideStandIn) -> None:
    made = await beside.challenge()
    url = f"{beside.auth.url}/v1/challenges/{made['challenge_id']}/resend"
    good = {"challenge_token": made["challenge_token"]}

    assert await answers(beside.auth.session, "POST", url, bad_bodies(good), {}) == {}
    assert beside.otp.asked == []


@pytest.mark.parametrize(
    ("verdict", "status", "name", "members"),
    [
        ("void", 410, "challenge-closed", {"reason": "void"}),
        ("disabled", 429, "too-many-attempts", {"reason": "disabled"}),
        ("refused", 429, "too-many-attempts", {"reason": "refused"}),
    ],
)
async def test_a_verdict_on_no_code_at_all_is_told(
    beside: BesideStandIn, verdict: str, status: int, name: str, members: dict[str, Any]
) -> None:
    beside.otp.judgement = {"verdict": verdict, "attempts_remaining": 0, "retry_at": None}
    got, body = await beside.auth.verify(await beside.challenge(), "123456")

    assert (got, problem_name(body)) == (status, name)
    assert {field: body[field] for field in members} == members


@pytest.mark.parametrize(("typed", "code"), [("123 456", "123456"), ("1234-5678", "12345678"), (" 402817 ", "402817")])
async def test_a_code_is_judged_as_it_was_meant(beside: BesideStandIn, typed: str, code: str) -> None:
    beside.otp.judgement = {"verdict": "wrong", "attempts_remaining": 3, "retry_at": None}

    assert (await beside.auth.verify(await beside.challenge(), typed))[0] == 401
    assert [(verb, body["code"]) for verb, body in beside.otp.asked] == [("verify", code)]


async def test_whoever_waits_sees_when_a_resend_is_possible_and_when_a_code_is_mailed_again(
    beside: BesideStandIn,
) -> None:
    made = await beside.challenge()
    path, token = f"/v1/challenges/{made['challenge_id']}", f"Challenge {made['challenge_token']}"
    beside.otp.status = OPEN | {"state": "refused", "retry_at": "2026-11-25T09:00:00Z"}
    _, shown, _ = await beside.auth.get(path, Authorization=token)
    assert shown == beside.otp.status
    beside.otp.status = None
    _, shown, _ = await beside.auth.get(path, Authorization=token)
    assert (shown["state"], shown["resend_available_at"], shown["retry_at"]) == ("pending", None, None)
