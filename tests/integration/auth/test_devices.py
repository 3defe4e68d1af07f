"""Trusted devices over HTTP."""

import asyncio

from tests.integration.auth.conftest import Auth
from tests.integration.auth.signed_in import call, new_person, with_code


async def test_a_trusted_device_is_asked_for_no_code_by_any_product_until_it_is_revoked(auth: Auth) -> None:
    username = await new_person(auth)
    done = await with_code(auth, username, remember_device=True)
    token = done["device_token"]
    products = ({"product": product} for product in ("editor", "viewer"))
    answers = await asyncio.gather(*(auth.log_in(username, device_token=token, client=each) for each in products))

    assert [status for status, _ in answers] == [200, 200]
    assert {answer["decision"]["reason"] for _, answer in answers} == {"trusted-device"}
    assert answers[0][1]["device_token"] == answers[1][1]["device_token"] != token
    assert (answers[0][1]["amr"], answers[0][1]["acr"]) == (["pwd"], "urn:gatepost:acr:trusted-device")

    token = answers[0][1]["device_token"]
    _, listed, _ = await call(auth, "GET", "/v1/account/devices", done["access_token"])
    (device,) = listed["devices"]
    path = f"/v1/account/devices/{device['id']}"
    stranger = await with_code(auth, await new_person(auth))
    assert (await call(auth, "DELETE", path, stranger["access_token"]))[0] == 404
    assert (await call(auth, "DELETE", path, done["access_token"]))[0] == 204
    assert (await call(auth, "DELETE", path, done["access_token"]))[0] == 404
    assert (await auth.log_in(username, device_token=token))[0] == 202


async def test_a_device_token_of_somebody_else_or_of_nobody_spares_nothing(auth: Auth) -> None:
    theirs = (await with_code(auth, await new_person(auth), remember_device=True))["device_token"]
    username = await new_person(auth)

    for token in (theirs, "gpd_" + "A" * 64, "gpr_" + "A" * 64, "nonsense", theirs[:-1]):
        assert (await auth.log_in(username, device_token=token))[0] == 202


async def test_all_devices_of_an_account_are_given_up_at_once(auth: Auth) -> None:
    username = await new_person(auth)
    tokens = [(await with_code(auth, username, remember_device=True)) for _ in range(2)]
    status, answer, _ = await call(auth, "DELETE", "/v1/account/devices", tokens[0]["access_token"])

    assert (status, answer) == (200, {"revoked": 2})
    for done in tokens:
        assert (await auth.log_in(username, device_token=done["device_token"]))[0] == 202


async def test_a_device_is_trusted_only_by_whoever_met_a_challenge(auth: Auth) -> None:
    _, done = await auth.log_in(await new_person(auth, "auth-off"), device_token="gpd_" + "A" * 64)

    assert done["device_token"] is None
