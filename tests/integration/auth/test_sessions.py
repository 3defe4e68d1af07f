"""Sessions over HTTP: refreshed, stolen, listed, ended, and what other instances know of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from services.auth.app import build
from shared.events import PolicyMode
from tests.integration.auth.conftest import Auth, auth_settings, policy
from tests.integration.auth.signed_in import authz, call, new_person, refresh, with_code
from tests.integration.shared.served import ready, served
from tests.wait_until import wait_until


@pytest.fixture(scope="module")
async def other(auth: Auth, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Auth]:
    """A second instance on the same database; the previous refresh token has no grace here."""
    snapshot = tmp_path_factory.mktemp("other") / "policy.json"
    settings = auth_settings(kafka_bootstrap, auth.database, auth.otp_url, snapshot, rotation_grace_s=0)
    async with served(build(settings)) as url:
        await wait_until(lambda: ready(auth.session, url), 20)
        yield replace(auth, url=url)


async def test_a_refresh_gives_a_new_pair_that_says_the_same(auth: Auth) -> None:
    first = await with_code(auth, await new_person(auth))
    status, second = await refresh(auth, first["refresh_token"])

    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert {name: second[name] for name in ("amr", "acr", "scope")} == {
        "amr": ["pwd", "otp"],
        "acr": "urn:gatepost:acr:email-otp",
        "scope": "account account:security",
    }
    assert await authz(auth, second["access_token"]) == 200


async def test_two_refreshes_at_once_with_one_token_both_succeed(auth: Auth) -> None:
    done = await with_code(auth, await new_person(auth))
    answers = await asyncio.gather(*(refresh(auth, done["refresh_token"]) for _ in range(2)))

    assert [status for status, _ in answers] == [200, 200]
    assert answers[0][1]["refresh_token"] == answers[1][1]["refresh_token"]
    assert (await refresh(auth, answers[0][1]["refresh_token"]))[0] == 200


async def test_a_stolen_token_that_is_replayed_puts_thief_and_owner_out(auth: Auth, other: Auth) -> None:
    stolen = await with_code(auth, await new_person(auth))
    _, owners = await refresh(auth, stolen["refresh_token"])

    status, answer = await refresh(other, stolen["refresh_token"])  # without a grace there
    assert (status, answer["type"], answer["reason"]) == (
        401,
        "urn:gatepost:problem:invalid-refresh-token",
        "replayed",
    )
    for token in (owners["refresh_token"], stolen["refresh_token"]):
        status, answer = await refresh(auth, token)
        assert (status, answer["reason"]) == (401, "revoked")
    for access in (owners["access_token"], stolen["access_token"]):
        await wait_until(lambda access=access: refused(auth, access), 1)  # type: ignore[misc]
        assert await authz(other, access) == 401


async def refused(instance: Auth, access: str) -> bool:
    return await authz(instance, access) == 401


async def test_a_session_that_is_ended_here_is_refused_there_within_a_second(auth: Auth, other: Auth) -> None:
    username = await new_person(auth)
    one, another = await with_code(auth, username), await with_code(auth, username)
    assert await authz(other, one["access_token"]) == 200

    status, answer, _ = await call(auth, "POST", "/v1/sessions/revoke", one["access_token"], {})
    assert (status, answer) == (200, {"revoked": 1})
    assert await authz(auth, one["access_token"]) == 401
    began = time.monotonic()
    await wait_until(lambda: refused(other, one["access_token"]), 1)
    assert time.monotonic() - began < 1
    assert (await refresh(auth, one["refresh_token"]))[0] == 401
    assert await authz(other, another["access_token"]) == 200


async def test_everywhere_means_everywhere_and_nobody_else(auth: Auth) -> None:
    username = await new_person(auth)
    mine = [await with_code(auth, username) for _ in range(3)]
    theirs = await with_code(auth, await new_person(auth))

    _, listed, _ = await call(auth, "GET", "/v1/sessions", mine[0]["access_token"])
    assert [each["current"] for each in listed["sessions"]].count(True) == 1
    assert len(listed["sessions"]) == 3
    foreign = (await call(auth, "GET", "/v1/sessions", theirs["access_token"]))[1]["sessions"][0]["id"]
    _, none, _ = await call(auth, "POST", "/v1/sessions/revoke", mine[0]["access_token"], {"session_id": foreign})
    assert none == {"revoked": 0}
    _, all_of_mine, _ = await call(auth, "POST", "/v1/sessions/revoke", mine[0]["access_token"], {"all": True})
    assert all_of_mine == {"revoked": 3}
    assert [await authz(auth, each["access_token"]) for each in mine] == [401] * 3
    assert await authz(auth, theirs["access_token"]) == 200


async def test_an_instance_that_starts_without_kafka_knows_what_was_ended_before(
    auth: Auth, tmp_path: Path, kafka_bootstrap: str
) -> None:
    done = await with_code(auth, await new_person(auth))
    await call(auth, "POST", "/v1/sessions/revoke", done["access_token"], {})
    settings = auth_settings("127.0.0.1:1", auth.database, auth.otp_url, tmp_path / "policy.json")
    async with served(build(settings)) as url:
        late = replace(auth, url=url)
        await wait_until(lambda: ready(auth.session, url, "?exclude=kafka&exclude=region-policy"), 5)
        assert await authz(late, done["access_token"]) == 401
        assert await authz(late, (await with_code(auth, await new_person(auth)))["access_token"]) == 200


async def test_what_a_bypass_let_in_has_no_sensitive_scope_and_says_password_only(auth: Auth) -> None:
    region = f"auth-bypassed-{uuid4().hex[:8]}"
    until = "2099-01-01T00:00:00Z"
    await auth.bus.publisher.publish(policy(region, mode=PolicyMode.BYPASSED, bypass_until=until))
    username = await new_person(auth, region)

    async def bypassed() -> bool:
        return (await auth.log_in(username))[0] == 200

    await wait_until(bypassed, 5)
    _, done = await auth.log_in(username)
    assert (done["amr"], done["scope"], done["decision"]["reason"]) == (["pwd"], "account", "region-bypassed")
    assert (await refresh(auth, done["refresh_token"]))[1]["scope"] == "account"
    status, _, headers = await call(auth, "POST", "/v1/account/totp", done["access_token"])
    assert status == 401
    assert 'error="insufficient_user_authentication"' in headers["WWW-Authenticate"]


async def test_a_gateway_asks_for_strength_and_age_as_rfc_9470_says(auth: Auth) -> None:
    weak = (await auth.log_in(await new_person(auth, "auth-off")))[1]["access_token"]
    strong = (await with_code(auth, await new_person(auth)))["access_token"]
    asked = "?acr=urn:gatepost:acr:email-otp&max_age=600"

    assert await authz(auth, strong, asked) == 200
    assert await authz(auth, strong, "?acr=urn:gatepost:acr:totp") == 401
    assert await authz(auth, strong, "?max_age=0") == 401  # tokens count whole seconds: it is older than none
    status, answer, headers = await auth.get(f"/v1/authz{asked}", Authorization=f"Bearer {weak}")
    assert (status, answer["type"]) == (401, "urn:gatepost:problem:insufficient-user-authentication")
    assert headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", acr_values="urn:gatepost:acr:email-otp", max_age="600"'
    )


async def test_any_of_the_acr_values_will_do_and_all_are_told_when_none_is_met(auth: Auth) -> None:
    weak = (await auth.log_in(await new_person(auth, "auth-off")))[1]["access_token"]
    email, totp, password = (f"urn:gatepost:acr:{name}" for name in ("email-otp", "totp", "password"))

    assert await authz(auth, weak, f"?acr_values={totp}%20{password}") == 200
    assert await authz(auth, weak, f"?acr_values={email}") == 401
    _, answer, headers = await auth.get(f"/v1/authz?acr_values={totp}+{email}", Authorization=f"Bearer {weak}")
    assert answer["acr_values"] == f"{totp} {email}"
    assert f'acr_values="{totp} {email}"' in headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "query",
    [
        "?acr=none",
        "?acr_values=none",
        "?acr_values=",
        "?acr_values=urn:gatepost:acr:password%20none",
        "?acr=urn:gatepost:acr:password&acr_values=urn:gatepost:acr:password",
        "?max_age=-1",
        "?max_age=1.5",
        "?max_age=99999999999",
        "?max_age=",
        "?max_age=600&max_age=600",
        "?maxage=0",
        "?Max_Age=0",
        "?Authorization=x",
        "?x",
    ],
)
async def test_a_question_that_makes_no_sense_is_422(auth: Auth, query: str) -> None:
    done = await auth.log_in(await new_person(auth, "auth-off"))

    assert await authz(auth, done[1]["access_token"], query) == 422


@pytest.mark.parametrize("token", ["", "gpr_", "x" * 512, "gpr_" + "A" * 64, "gpd_" + "A" * 64])
async def test_what_is_no_refresh_token_is_refused(auth: Auth, token: str) -> None:
    status, answer = await refresh(auth, token)

    assert (status, answer.get("reason")) == ((422, None) if token == "" else (401, "unknown"))
