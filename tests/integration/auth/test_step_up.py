"""Step-up: for trusted callers, and inside a session of one's own."""

from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from services.auth.domain.account import AccountStatus
from shared.events import NoticeKind, SecurityNoticeDue
from shared.kafka import EventBus
from shared.sealing import Unsealer
from tests.integration.auth.conftest import Auth
from tests.integration.auth.signed_in import authz, call, new_person, refresh, with_code
from tests.integration.otp.settings import NOTIFIER, otp_settings
from tests.wait_until import wait_until


def subject_of(done: dict[str, Any]) -> str:
    return str(jwt.decode(done["access_token"], options={"verify_signature": False})["sub"])


async def account_of(auth: Auth, username: str) -> str:
    return subject_of(await with_code(auth, username))


async def challenge(auth: Auth, caller: str, account_id: str, purpose: str, **more: Any) -> tuple[int, Any]:
    body = {"account_id": account_id, "purpose": purpose, "product": "shop", **more}
    status, answer, _ = await call(auth, "POST", "/v1/challenges", caller, body)
    return status, answer


async def test_a_callers_step_up_gives_a_token_for_that_purpose_alone(auth: Auth) -> None:
    account_id = await account_of(auth, await new_person(auth))
    status, required = await challenge(auth, "step_up", account_id, "payment")
    assert (status, required["methods"]) == (202, ["email_otp"])
    status, done = await auth.verify(required, await auth.code_for(required))

    assert (status, done["amr"], done["refresh_token"], done["scope"]) == (200, ["otp"], None, "")
    assert await authz(auth, done["access_token"], "?purpose=payment&aud=shop") == 200
    assert await authz(auth, done["access_token"]) == 401
    assert await authz(auth, done["access_token"], "?purpose=delete-account") == 401
    assert (await call(auth, "GET", "/v1/sessions", done["access_token"]))[0] == 401


async def test_the_purpose_is_in_the_event_that_the_mail_is_made_of(auth: Auth) -> None:
    account_id = await account_of(auth, await new_person(auth))
    _, required = await challenge(auth, "step_up", account_id, "payment")
    await auth.code_for(required)
    issued = next(each for each in auth.issued if str(each.challenge_id) == required["challenge_id"])

    assert issued.purpose == "payment"


async def test_a_code_for_one_purpose_never_serves_another(auth: Auth) -> None:
    account_id = await account_of(auth, await new_person(auth))
    _, payment = await challenge(auth, "step_up", account_id, "payment")
    _, deletion = await challenge(auth, "step_up", account_id, "delete-account")
    code, other = await auth.code_for(payment), await auth.code_for(deletion)
    if code != other:
        assert (await auth.verify(deletion, code))[0] == 401
    mixed = payment | {"challenge_token": deletion["challenge_token"]}

    assert (await auth.verify(mixed, code))[0] == 410


async def test_a_company_with_its_own_password_check_gets_what_the_region_asks_for(auth: Auth) -> None:
    enforced = await account_of(auth, await new_person(auth))
    _, off = await auth.log_in(await new_person(auth, "auth-off"))

    status, required = await challenge(auth, "sign_in", enforced, "login")
    assert (status, required["decision"]["reason"]) == (202, "region-enforced")
    status, done = await auth.verify(required, await auth.code_for(required))
    assert (status, done["amr"]) == (200, ["pwd", "otp"])
    assert (await refresh(auth, done["refresh_token"]))[0] == 200
    status, allowed = await challenge(auth, "sign_in", subject_of(off), "login")
    assert (status, allowed["decision"]["reason"]) == (200, "region-off")


@pytest.mark.parametrize(
    ("caller", "purpose", "status"),
    [
        ("", "payment", 401),
        ("admin", "payment", 401),
        ("sign_in", "payment", 403),
        ("step_up", "login", 403),
        *(("step_up", own, 422) for own in ("session", "manage-factors", "change-email", "confirm-email")),
        ("step_up", "change-password", 422),
        ("step_up", "Payment", 422),
        ("step_up", "", 422),
    ],
)
async def test_a_caller_may_ask_only_for_what_is_its_own(auth: Auth, caller: str, purpose: str, status: int) -> None:
    account_id = await account_of(auth, await new_person(auth))

    assert (await challenge(auth, caller, account_id, purpose))[0] == status


@pytest.mark.parametrize(
    ("client", "status"),
    [({}, 202), ({"user_agent": "agent"}, 202), ({"ip": "192.0.2.1"}, 422), ({"product": "shop"}, 422)],
)
async def test_what_would_be_ignored_of_a_callers_client_is_refused(
    auth: Auth, client: dict[str, str], status: int
) -> None:
    account_id = await account_of(auth, await new_person(auth))

    assert (await challenge(auth, "step_up", account_id, "payment", client=client))[0] == status


async def test_an_unknown_or_closed_account_is_not_challenged(auth: Auth) -> None:
    assert (await challenge(auth, "step_up", str(uuid4()), "payment"))[0] == 404
    locked, sso = uuid4(), uuid4()
    await new_person(auth, id=locked, status=AccountStatus.LOCKED)
    await new_person(auth, id=sso, sso=True)
    for caller, purpose in (("step_up", "payment"), ("sign_in", "login")):
        assert (await challenge(auth, caller, str(locked), purpose))[0] == 403
        assert (await challenge(auth, caller, str(sso), purpose))[0] == 403


async def stepped_up(auth: Auth, access: str, purpose: str) -> dict[str, Any]:
    status, required, _ = await call(auth, "POST", "/v1/account/step-up", access, {"purpose": purpose})
    assert status == 202, required
    status, done = await auth.verify(required, await auth.code_for(required))
    assert status == 200, done
    return dict(done)


async def test_a_session_by_password_becomes_as_strong_as_the_code_that_is_added(auth: Auth) -> None:
    _, weak = await auth.log_in(await new_person(auth, "auth-off"))
    asked = "?acr=urn:gatepost:acr:email-otp&max_age=60"
    assert await authz(auth, weak["access_token"], asked) == 401
    strong = await stepped_up(auth, weak["access_token"], "session")

    assert await authz(auth, strong["access_token"], asked) == 200
    assert strong["refresh_token"] is None
    status, again = await refresh(auth, weak["refresh_token"])  # the session's own goes on
    assert (status, again["acr"]) == (200, "urn:gatepost:acr:email-otp")
    _, listed, _ = await call(auth, "GET", "/v1/sessions", strong["access_token"])
    assert len(listed["sessions"]) == 1


@pytest.mark.parametrize("purpose", ["login", "confirm-email"])
async def test_nobody_steps_up_to_a_login_or_to_an_address(auth: Auth, purpose: str) -> None:
    done = await with_code(auth, await new_person(auth))

    assert (await call(auth, "POST", "/v1/account/step-up", done["access_token"], {"purpose": purpose}))[0] == 422


async def test_an_address_changes_after_a_step_up_and_a_code_to_the_new_one_and_the_old_one_is_told(
    auth: Auth, kafka_bootstrap: str
) -> None:
    told: list[SecurityNoticeDue] = []

    async def keep(event: SecurityNoticeDue) -> None:
        told.append(event)

    username = await new_person(auth)
    done = await with_code(auth, username, remember_device=True)
    change = {"email": f"new-{username}@customer.example"}
    assert (await call(auth, "PUT", "/v1/account/email", done["access_token"], change))[0] == 401
    payment = await stepped_up(auth, done["access_token"], "payment")
    assert (await call(auth, "PUT", "/v1/account/email", payment["access_token"], change))[0] == 401

    fresh = await stepped_up(auth, done["access_token"], "change-email")
    status, required, _ = await call(auth, "PUT", "/v1/account/email", fresh["access_token"], change)
    assert (status, required["methods"]) == (202, ["email_otp"])
    assert await auth.address_for(required) == change["email"]
    bus = EventBus(f"reader-{uuid4()}", otp_settings(kafka_bootstrap, "redis://127.0.0.1:1/0"))
    bus.consume(SecurityNoticeDue, keep)
    bus.start()
    await wait_until(bus.healthy, 20)
    assert (await auth.verify(required, await auth.code_for(required)))[0] == 200

    account_id = UUID(subject_of(done))

    def mine() -> list[SecurityNoticeDue]:
        return [each for each in told if each.account_id == account_id and each.kind is NoticeKind.EMAIL_CHANGED]

    await wait_until(lambda: mine() != [])
    (notice,) = mine()
    address = Unsealer(NOTIFIER).unseal(notice.address, f"notice:{notice.notice_id}")
    assert address == f"{username}@customer.example"
    await bus.stop()
    status, next_login = await auth.log_in(username, device_token=done["device_token"])
    assert status == 202  # the devices went with the address
    assert await auth.address_for(next_login) == change["email"]


async def test_a_password_changes_with_the_current_one_and_ends_other_sessions_and_devices(auth: Auth) -> None:
    username = await new_person(auth)
    elsewhere = await with_code(auth, username)
    here = await with_code(auth, username, remember_device=True)
    change = {"current_password": "right horse battery", "new_password": "another horse"}

    wrong = change | {"current_password": "wrong"}
    assert (await call(auth, "PUT", "/v1/account/password", here["access_token"], wrong))[0] == 401
    assert (await call(auth, "PUT", "/v1/account/password", here["access_token"], change))[0] == 204
    assert await authz(auth, here["access_token"]) == 200
    assert await authz(auth, elsewhere["access_token"]) == 401
    assert (await auth.log_in(username))[0] == 401
    assert (await auth.log_in(username, "another horse", device_token=here["device_token"]))[0] == 202


async def test_a_password_does_not_change_by_a_login_without_a_second_factor(auth: Auth) -> None:
    _, weak = await auth.log_in(await new_person(auth, "auth-off"))
    change = {"current_password": "right horse battery", "new_password": "another horse"}

    assert (await call(auth, "PUT", "/v1/account/password", weak["access_token"], change))[0] == 401
    fresh = await stepped_up(auth, weak["access_token"], "change-password")
    assert (await call(auth, "PUT", "/v1/account/password", fresh["access_token"], change))[0] == 204


async def test_nothing_that_was_begun_before_a_password_change_goes_on_after_it(auth: Auth) -> None:
    """A thief with the old password has challenges pending: for another address, for a session, for a device."""
    username = await new_person(auth)
    thief, owner = await with_code(auth, username), await with_code(auth, username)
    fresh = await stepped_up(auth, thief["access_token"], "change-email")
    change = {"email": "thief@elsewhere.example"}
    _, pending, _ = await call(auth, "PUT", "/v1/account/email", fresh["access_token"], change)
    _, login = await auth.log_in(username)
    codes = [await auth.code_for(pending), await auth.code_for(login)]
    change = {"current_password": "right horse battery", "new_password": "another horse"}
    assert (await call(auth, "PUT", "/v1/account/password", owner["access_token"], change))[0] == 204

    for made, code in zip((pending, login), codes, strict=True):
        status, answer = await auth.verify(made, code, remember_device=True)
        assert (status, answer["reason"]) == (410, "void")
    _, mine = await auth.log_in(username, "another horse")
    assert await auth.address_for(mine) == f"{username}@customer.example"


async def test_a_step_ups_token_ends_with_the_session_that_asked_for_it(auth: Auth) -> None:
    username = await new_person(auth)
    done = await with_code(auth, username)
    fresh = await stepped_up(auth, done["access_token"], "manage-factors")
    assert (await call(auth, "POST", "/v1/account/totp", fresh["access_token"]))[0] == 201
    await call(auth, "POST", "/v1/sessions/revoke", done["access_token"], {"all": True})

    assert (await call(auth, "POST", "/v1/account/totp", fresh["access_token"]))[0] == 401
    assert await authz(auth, fresh["access_token"], "?purpose=manage-factors") == 401


async def test_one_step_up_mails_one_new_address(auth: Auth) -> None:
    done = await with_code(auth, await new_person(auth))
    fresh = await stepped_up(auth, done["access_token"], "change-email")
    answers = [
        await call(auth, "PUT", "/v1/account/email", fresh["access_token"], {"email": f"{number}@elsewhere.example"})
        for number in range(3)
    ]

    assert [status for status, _, _ in answers] == [202, 401, 401]
    assert 'purpose="change-email"' in answers[1][2]["WWW-Authenticate"]
