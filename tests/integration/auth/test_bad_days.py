"""Bad input and missing parts: 4xx and 503 with a time to come back, never 500 and never "no code needed"."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from services.auth.adapters.postgres_signing_keys import PostgresSigningKeys
from services.auth.app import build
from services.auth.use_cases.follow_policies import KAFKA_FIRST_S
from shared.encryption import Encryption
from shared.postgres import migrate, postgres_engine
from tests.integration.auth.conftest import MIGRATIONS, PASSWORD, SIGNING_KEY, STORAGE, Auth, auth_settings
from tests.integration.shared.bad_input import JSON, NO_CODE, answers, bad_bodies
from tests.integration.shared.served import ready, served
from tests.wait_until import wait_until

LOGIN = {"username": "auth-off", "password": PASSWORD}
NOBODY = "http://127.0.0.1:1"


async def test_no_login_body_is_worse_than_a_client_error(auth: Auth) -> None:
    assert await answers(auth.session, "POST", f"{auth.url}/v1/logins", bad_bodies(LOGIN), {}) == {}


async def test_no_client_description_is_worse_than_a_client_error(auth: Auth) -> None:
    client = {"product": "editor", "ip": "192.0.2.1", "user_agent": "agent"}
    inner = bad_bodies(client, frozenset({"ip", "user_agent", "product"}))
    whole = b'{"username": "nobody", "password": "x", "client": %s}'
    bodies = (whole % body for body in inner if len(body) < 20_000)

    assert await answers(auth.session, "POST", f"{auth.url}/v1/logins", bodies, {}) == {}


async def test_no_verify_body_is_worse_than_a_client_error(auth: Auth) -> None:
    _, required = await auth.log_in("auth-enforced")
    code = await auth.code_for(required)
    good = {"challenge_token": required["challenge_token"], "code": "123456", "method": "email_otp"}
    url = f"{auth.url}/v1/challenges/{required['challenge_id']}/verify"

    # Well-formed for lack of an optional field is a guess: it may be right once in a million runs.
    bodies = (body for body in bad_bodies(good) if b"method" in body or b"code" not in body or b"token" not in body)
    assert await answers(auth.session, "POST", url, bodies, {}) == {}
    assert (await auth.verify(required, code))[0] == 200  # and no attempt was used up


@pytest.mark.parametrize("typed", NO_CODE)
async def test_what_is_no_code_is_422_and_uses_up_no_attempt(auth: Auth, typed: str) -> None:
    body = f'{{"challenge_token": "x", "code": {typed}}}'.encode()
    async with auth.session.post(f"{auth.url}/v1/challenges/{uuid4()}/verify", data=body, headers=JSON) as response:
        assert response.status == 422
        assert (await response.json(content_type=None))["errors"][0]["at"] == "body.code"


@pytest.mark.parametrize("odd", ["x", "%00", "%ff", "%F0%9F%94%91", "0" * 3000, "..%2f..", " ", "null"])
async def test_a_challenge_id_that_is_none_is_a_client_error(auth: Auth, odd: str) -> None:
    url = f"{auth.url}/v1/challenges/{odd}"

    assert await answers(auth.session, "GET", url, iter([b""]), {"Authorization": "Challenge x"}) == {}
    assert await answers(auth.session, "POST", f"{url}/verify", iter([b"{}"]), {}) == {}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/logins", 405),
        ("DELETE", "/v1/logins", 405),
        ("POST", "/v1/logins/", 404),
        ("POST", "/v1/authz", 405),
        ("GET", "/v2/logins", 404),
        ("GET", "/v1/authz?aud=" + "a" * 65, 422),
        ("GET", "/v1/authz?aud=%00%ff", 401),
        ("GET", "/v1/authz?purpose=pay%0d%0aSet-Cookie:%20a=b", 422),
        ("GET", "/v1/authz?purpose=%F3%94%AC%9B", 422),
        ("GET", '/v1/authz?purpose=pay",realm="x', 422),
        ("GET", "/v1/authz?aud=a&aud=b", 422),
    ],
)
async def test_paths_that_are_not_offered_are_problems_too(auth: Auth, method: str, path: str, status: int) -> None:
    async with auth.session.request(method, auth.url + path) as response:
        assert (response.status, response.content_type) == (status, "application/problem+json")


@pytest.mark.parametrize("password", ["\x00", "a\x00b", "🔑" * 1024, " ", "\u202e", "a" * 1024])
async def test_an_odd_password_is_simply_wrong(auth: Auth, password: str) -> None:
    assert (await auth.log_in("auth-off", password))[0] == 401


@pytest.mark.parametrize("username", ["' OR 1=1 --", "%", "\u202eoff-htua", "🔑", "a" * 254, "\\", "$1"])
async def test_an_odd_name_is_simply_unknown(auth: Auth, username: str) -> None:
    assert (await auth.log_in(username))[0] == 401


async def test_an_answer_repeats_nothing_that_was_sent(auth: Auth) -> None:
    canary = "canary@customer.example"
    for body in (
        {"username": canary, "password": PASSWORD},
        {"username": canary * 20, "password": canary * 100, "client": {"product": canary, "ip": canary}},
        {"username": canary, "password": PASSWORD, canary: canary},
    ):
        async with auth.session.post(f"{auth.url}/v1/logins", json=body) as response:
            text = await response.text()
            assert "customer" not in text.replace(f"body.{canary}", "")


async def not_ready(session: aiohttp.ClientSession, url: str) -> bool:
    return not await ready(session, url)


@pytest.fixture
async def own_postgres(server_directory: Path) -> AsyncIterator[Postgres]:
    logs = server_directory / "logs" / "postgres-auth"
    server = Postgres(server_directory / "postgres-auth", free_port(), logs, databases=("auth",))
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(migrate, MIGRATIONS, server.url("auth"))
    engine = postgres_engine(server.url("auth"))
    await PostgresSigningKeys(engine, Encryption(STORAGE)).add(SIGNING_KEY, "test")
    await engine.dispose()
    yield server
    await asyncio.to_thread(server.close)


async def test_while_postgresql_is_away_logins_are_503_and_sessions_go_on(
    auth: Auth, own_postgres: Postgres, kafka_bootstrap: str, tmp_path: Path
) -> None:
    _, done = await auth.log_in("auth-off")
    settings = auth_settings(kafka_bootstrap, own_postgres.url("auth"), auth.otp_url, tmp_path / "policy.json")
    async with served(build(settings)) as url:
        own = Auth(url, auth.session, auth.bus, "", auth.otp_url)
        await wait_until(lambda: ready(own.session, url), 20)
        await asyncio.to_thread(own_postgres.kill)
        for username in ("auth-off", "nobody"):
            status, answer = await own.log_in(username)
            assert (status, answer["dependency"]) == (503, "postgres")
        await wait_until(lambda: not_ready(own.session, url))
        assert (await own.get("/v1/authz", Authorization=f"Bearer {done['access_token']}"))[0] == 200
        await asyncio.to_thread(own_postgres.start)
        await wait_until(lambda: ready(own.session, url), 20)
        assert (await own.log_in("nobody"))[0] == 401


async def test_while_the_otp_service_is_away_no_code_is_right(
    auth: Auth, database: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    _, required = await auth.log_in("auth-enforced")
    code = await auth.code_for(required)
    async with served(build(auth_settings(kafka_bootstrap, database, NOBODY, tmp_path / "policy.json"))) as url:
        own = Auth(url, auth.session, auth.bus, database, NOBODY)
        await wait_until(lambda: ready(own.session, url, "?exclude=otp"), 20)
        status, answer = await own.verify(required, code)
        assert (status, answer["dependency"]) == (503, "otp")
        path = f"/v1/challenges/{required['challenge_id']}"
        assert (await own.get(path, Authorization=f"Challenge {required['challenge_token']}"))[0] == 503
        assert not await ready(own.session, url)
    assert (await auth.verify(required, code))[0] == 200  # it was not used up


async def test_without_kafka_the_snapshot_decides_and_without_both_nobody_gets_in(
    auth: Auth, database: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    kept, none = tmp_path / "kept.json", tmp_path / "none.json"
    async with served(build(auth_settings(kafka_bootstrap, database, auth.otp_url, kept))) as url:
        await wait_until(lambda: ready(auth.session, url), 20)
        await wait_until(kept.exists)
    async with served(build(auth_settings("127.0.0.1:1", database, auth.otp_url, kept))) as url:
        own = Auth(url, auth.session, auth.bus, database, auth.otp_url)
        # Kafka gets its chance first: the snapshot may be older than a change that stands in the topic.
        await wait_until(lambda: ready(own.session, url, "?exclude=kafka"), KAFKA_FIRST_S + 5)
        assert not await ready(own.session, url)
        assert (await own.log_in("auth-off"))[0] == 200
        status, answer = await own.log_in("auth-enforced")
        assert (status, answer["dependency"]) == (503, "kafka")
    async with served(build(auth_settings("127.0.0.1:1", database, auth.otp_url, none))) as url:
        own = Auth(url, auth.session, auth.bus, database, auth.otp_url)
        assert not await ready(own.session, url, "?exclude=kafka&exclude=otp")
        for username in ("auth-off", "own-mfa", "nobody"):
            async with own.session.post(f"{url}/v1/logins", json=LOGIN | {"username": username}) as response:
                body: Any = await response.json(content_type=None)
                assert (response.status, body["dependency"]) == (503, "region-policy")
                assert int(response.headers["Retry-After"]) > 0


async def test_more_logins_than_can_be_hashed_are_503_and_the_rest_is_answered(auth: Auth) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        many = Auth(auth.url, session, auth.bus, auth.database, auth.otp_url)
        statuses = [status for status, _ in await asyncio.gather(*(many.log_in("auth-off") for _ in range(300)))]

    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 100
