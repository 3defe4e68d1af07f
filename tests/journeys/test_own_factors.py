"""What customers asked: an app instead of the mail, a way in while mail is down, and to be left alone on a device."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.external_kafka import ExternalKafka
from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.journeys.person import Answer, Gateway
from tests.unit.auth.totp_app import code_at
from tests.wait_until import wait_until

People = Callable[..., list[SeedAccount]]


@asynccontextmanager
async def mail_away(system: LocalSystem) -> AsyncIterator[None]:
    """No Kafka, Redis, OTP service or notifier."""
    if isinstance(system.kafka, ExternalKafka):
        pytest.skip("this Kafka is not ours to stop")
    parts = (system.kafka, system.redis, system.services["otp"], system.services["notifier"])
    for part in parts:
        await asyncio.to_thread(part.stop)
    yield
    for part in parts:
        await asyncio.to_thread(part.start)
    for service in system.services.values():
        await wait_until(lambda service=service: service.ready, 60)  # type: ignore[misc]


async def by_mail(gateway: Gateway, person: SeedAccount, **more: object) -> Answer:
    challenge = await gateway.log_in(person)
    codes = await gateway.codes(person.email)
    return await gateway.verify(challenge, codes[-1], **more)


async def enrolled(gateway: Gateway, person: SeedAccount) -> tuple[str, list[str]]:
    """The secret in the app, and the recovery codes."""
    access = (await by_mail(gateway, person)).body["access_token"]
    offer = await gateway.as_owner("POST", "/v1/account/totp", access)
    assert offer.body["otpauth_uri"].startswith("otpauth://totp/Gatepost:")
    assert offer.body["qr_svg"].startswith("<svg")
    code = code_at(offer.body["secret"], datetime.now(UTC) - timedelta(seconds=30))
    confirmed = await gateway.as_owner("POST", "/v1/account/totp/confirm", access, {"code": code})
    assert confirmed.status == 200
    return offer.body["secret"], confirmed.body["recovery_codes"]


async def test_app_and_recovery_codes_let_in_while_kafka_redis_and_mail_are_away(
    system: LocalSystem, gateway: Gateway, people: People
) -> None:
    (ada,) = people(1)
    secret, recovery = await enrolled(gateway, ada)
    codes = await gateway.codes(ada.email)
    async with mail_away(system):
        await uses_both(gateway, ada, secret, recovery)
    assert await gateway.codes(ada.email) == codes


async def uses_both(gateway: Gateway, ada: SeedAccount, secret: str, recovery: list[str]) -> None:
    challenge = await gateway.log_in(ada)
    assert (challenge.status, challenge.body["methods"]) == (202, ["totp", "recovery_code"])
    assert challenge.body["decision"]["reason"] == "totp-enrolled"
    code = code_at(secret, datetime.now(UTC))
    done = await gateway.verify(challenge, code, method="totp")
    assert (done.status, done.body["amr"], done.body["acr"]) == (200, ["pwd", "otp", "mfa"], "urn:gatepost:acr:totp")
    assert (await gateway.authz(done.body["access_token"])).status == 200
    refreshed = await gateway.call(
        "POST", f"{gateway.auth}/v1/tokens/refresh", json={"refresh_token": done.body["refresh_token"]}
    )
    assert refreshed.status == 200

    again = await gateway.log_in(ada)
    assert (await gateway.verify(again, code, method="totp")).status == 401  # accepted once
    once = await gateway.verify(again, recovery[0].lower(), method="recovery_code")
    assert (once.status, once.body["acr"]) == (200, "urn:gatepost:acr:recovery-code")
    twice = await gateway.log_in(ada)
    assert (await gateway.verify(twice, recovery[0], method="recovery_code")).status == 401
    assert (await gateway.verify(twice, recovery[1], method="recovery_code")).status == 200
    assert (await gateway.verify(twice, recovery[2], method="recovery_code")).status == 410


async def test_an_app_account_is_not_mailed_where_the_deployment_does_not_let_mail_stand_in(
    gateway: Gateway, people: People
) -> None:
    (ada,) = people(1)
    await enrolled(gateway, ada)
    codes = await gateway.codes(ada.email)
    challenge = await gateway.log_in(ada)
    body = {"challenge_token": challenge.body["challenge_token"], "method": "email_otp"}
    url = f"{gateway.auth}/v1/challenges/{challenge.body['challenge_id']}/verify"
    refused = await gateway.call("POST", url, json=body)

    assert (refused.status, refused.body["type"]) == (422, "urn:gatepost:problem:method-not-offered")
    assert await gateway.codes(ada.email) == codes


async def test_a_trusted_device_is_left_alone_by_two_products_at_once_until_it_is_revoked(
    gateway: Gateway, people: People
) -> None:
    (ada,) = people(1)
    trusted = await by_mail(gateway, ada, remember_device=True)
    token = trusted.body["device_token"]
    codes = await gateway.codes(ada.email)
    products = [{"product": product, "ip": "192.0.2.7"} for product in ("editor", "viewer")]
    answers = await asyncio.gather(*(gateway.log_in(ada, device_token=token, client=each) for each in products))

    assert [answer.status for answer in answers] == [200, 200]
    assert {answer.body["decision"]["reason"] for answer in answers} == {"trusted-device"}
    assert await gateway.codes(ada.email) == codes

    following = answers[0].body["device_token"]
    access = trusted.body["access_token"]
    (device,) = (await gateway.as_owner("GET", "/v1/account/devices", access)).body["devices"]
    assert (await gateway.as_owner("DELETE", f"/v1/account/devices/{device['id']}", access)).status == 204
    assert (await gateway.log_in(ada, device_token=following)).status == 202


async def test_no_stranger_locks_the_owner_out_with_a_thousand_wrong_passwords(
    gateway: Gateway, people: People
) -> None:
    (ada,) = people(1, region="latam")
    wrong = {"username": ada.username, "password": "wrong"}

    async def attack(number: int) -> int:
        body = wrong | {"client": {"ip": f"198.51.100.{number % 50}"}}
        return (await gateway.call("POST", f"{gateway.auth}/v1/logins", json=body)).status

    statuses = [await attack(number) for number in range(1000)]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 50 * 11
    assert (await gateway.log_in(ada, client={"ip": "192.0.2.1"})).status == 200
