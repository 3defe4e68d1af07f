"""Wrong passwords against the whole service, with the limits of production: guessing ends, the owner gets in."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from deploy.local.ports import free_port
from deploy.local.valkey import Valkey
from services.auth.app import build
from services.auth.settings import ThrottleSettings
from shared.redis import redis_client
from tests.integration.auth.conftest import Auth, auth_settings
from tests.integration.shared.served import ready, served
from tests.redis_by_tls import guarded
from tests.redis_servers import ask
from tests.wait_until import wait_until

LIMITS = {
    name: f"{field.default.burst}/{field.default.every_ms // 1000}"
    for name, field in ThrottleSettings.model_fields.items()
}


class Instance(Protocol):
    def __call__(self, redis_url: str, **more: Any) -> AbstractAsyncContextManager[Auth]: ...


@pytest.fixture
def instance(auth: Auth, kafka_bootstrap: str, tmp_path: Path) -> Instance:
    """Makes an instance that counts in the Redis at a URL."""

    @asynccontextmanager
    async def made(redis_url: str, **more: Any) -> AsyncIterator[Auth]:
        path = tmp_path / "policy.json"
        settings = auth_settings(kafka_bootstrap, auth.database, auth.otp_url, path, redis_url, **LIMITS, **more)
        async with served(build(settings)) as url:
            await wait_until(lambda: ready(auth.session, url), 20)
            yield Auth(url, auth.session, auth.bus, auth.database, auth.otp_url, auth.issued)

    return made


@pytest.fixture
async def throttled(instance: Instance, redis_url: str) -> AsyncIterator[Auth]:
    async with instance(redis_url) as made:
        yield made


def at(address: str) -> dict[str, Any]:
    return {"client": {"ip": address}}


async def guess(auth: Auth, username: str, address: str, times: int) -> Counter[int]:
    """How often each status was the answer to a wrong password."""
    answers = await asyncio.gather(*(auth.log_in(username, "wrong", **at(address)) for _ in range(times)))
    return Counter(status for status, _ in answers)


async def test_a_thousand_wrong_passwords_from_fifty_addresses_do_not_keep_the_owner_out(throttled: Auth) -> None:
    total: Counter[int] = Counter()
    for place in range(50):
        total += await guess(throttled, "auth-off", f"198.18.0.{place}", 20)

    assert total == {401: 500, 429: 500}
    assert (await throttled.log_in("auth-off", **at("192.0.2.1")))[0] == 200


async def test_behind_a_gateway_that_passes_bodies_on_a_made_up_address_gives_no_more_guesses(throttled: Auth) -> None:
    statuses: Counter[int] = Counter()
    for place in range(20):
        given = {"username": "auth-off", "password": "wrong", **at(f"198.18.5.{place}")}
        forwarded = {"X-Forwarded-For": "198.18.6.1"}
        async with throttled.session.post(f"{throttled.url}/v1/logins", json=given, headers=forwarded) as response:
            statuses[response.status] += 1

    assert statuses == {401: 10, 429: 10}


async def test_a_refused_guess_is_told_when_to_come_back_whether_or_not_the_name_exists(throttled: Auth) -> None:
    shown = []
    for username in ("auth-off", "nobody"):
        await guess(throttled, username, "198.18.1.1", 10)
        given = {"username": username, "password": "right or wrong, it is not looked at", **at("198.18.1.1")}
        async with throttled.session.post(f"{throttled.url}/v1/logins", json=given) as response:
            assert 50 <= int(response.headers["Retry-After"]) <= 60
            shown.append((response.status, (await response.json(content_type=None))["type"]))

    assert shown == [(429, "urn:gatepost:problem:too-many-logins")] * 2


async def test_from_a_flooded_address_the_owners_own_device_gets_in(throttled: Auth) -> None:
    cafe = "198.18.2.1"
    _, required = await throttled.log_in("auth-enforced", **at(cafe))
    _, done = await throttled.verify(required, await throttled.code_for(required), remember_device=True)
    for place in range(35):  # ten each, of the 300 that an address has
        await guess(throttled, f"victim-{place}", cafe, 10)
    await guess(throttled, "auth-enforced", cafe, 20)

    assert (await throttled.log_in("auth-enforced", **at(cafe)))[0] == 429
    status, answer = await throttled.log_in("auth-enforced", device_token=done["device_token"], **at(cafe))
    assert (status, answer["decision"]["reason"]) == (200, "trusted-device")


async def test_redis_holds_no_name_and_no_address(throttled: Auth, valkey: Valkey) -> None:
    await guess(throttled, "auth-off", "198.18.3.1", 3)
    client = redis_client(valkey.url)
    keys = [key.decode() async for key in client.scan_iter("throttle:*")]
    await client.aclose()

    assert keys
    assert not any("auth" in key or "198" in key for key in keys)


async def test_redis_that_asks_for_all_it_can_counts_too(instance: Instance, server_directory: Path) -> None:
    async with guarded(server_directory / "guarded-auth", "auth") as redis, instance(**redis.settings) as own:
        await guess(own, "auth-off", "198.18.5.1", 3)
        assert await ask(redis.primary, "DBSIZE") == 2  # of the account there, and of the address


async def test_while_redis_is_away_or_hangs_logins_go_on_and_guessing_does_not(
    instance: Instance, server_directory: Path
) -> None:
    server = Valkey(server_directory / "redis-logins", free_port(), server_directory / "logs" / "redis-logins")
    server.start()
    async with instance(server.url) as own:
        for place, fault in enumerate((server.pause, server.kill)):
            fault()
            assert await guess(own, "auth-off", f"198.18.4.{place}", 20) == {401: 5, 429: 15}
            for _ in range(10):
                assert (await own.log_in("auth-off", **at("192.0.2.1")))[0] == 200
            if fault == server.pause:
                server.resume()
    server.close()
