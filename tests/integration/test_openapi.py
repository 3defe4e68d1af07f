"""What the services answer is what their descriptions say, whatever is sent."""

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from fastapi import FastAPI
from fastapi.responses import Response

from deploy.local.postgres import Postgres
from deploy.local.valkey import Valkey
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_signing_keys import PostgresSigningKeys
from services.auth.app import build as build_auth
from services.notifier.app import build as build_notifier
from services.notifier.settings import NotifierSettings
from services.otp.app import build as build_otp
from services.rollout.__main__ import MIGRATIONS as ROLLOUT_MIGRATIONS
from services.rollout.app import build as build_rollout
from services.rollout.settings import RolloutSettings
from shared.credentials import digest
from shared.encryption import Encryption
from shared.health import Health
from shared.http_service import http_service
from shared.postgres import migrate, postgres_engine
from tests.conftest import empty_database
from tests.integration.auth.conftest import HASH, MIGRATIONS, PASSWORD, SIGNING_KEY, STORAGE, auth_settings
from tests.integration.description_gaps import gaps
from tests.integration.openapi_run import ENDLESS, Credentials, Run, run
from tests.integration.otp.settings import CREDENTIAL, otp_settings
from tests.integration.rollout.instance import OPERATORS, TOKENS
from tests.integration.shared.served import ready, served
from tests.unit.auth.samples import account
from tests.unit.notifier.fakes import PRIVATE_KEYS
from tests.unit.notifier.reports import Signer
from tests.unit.shared.samples import private_ring
from tests.wait_until import wait_until


async def run_apart(url: str, credentials: Credentials) -> Run:
    """In a process of its own: Python 3.11's `ast` breaks when two threads parse at once, and the service's parses to
    log a traceback."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, run, url, credentials)


async def answers_as_described(app: FastAPI, url: str, credentials: Credentials, *answered: str) -> None:
    """`answered`: operations that at least one of the cases must get a success from."""
    async with aiohttp.ClientSession() as session:
        await wait_until(lambda: ready(session, url, "?exclude=kafka&exclude=provider"), 20)
    done = await run_apart(url, credentials)
    assert not done.failures, "\n\n".join(f"{what}\n{sent}" for what, sent in done.failures.items())
    paths = {path: methods for path, methods in app.openapi()["paths"].items() if not re.search(ENDLESS, path)}
    labels = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert done.tested == labels
    assert done.answered >= {"GET /livez", "GET /metrics", *answered}
    assert list(gaps(app.openapi())) == []


async def test_an_answer_that_is_not_described_is_found() -> None:
    @asynccontextmanager
    async def nothing(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = http_service("test", Health({}), nothing)

    @app.get("/odd/{number}")
    async def odd(number: int) -> Response:
        return Response(status_code=418 if number else 500)

    async with served(app) as url:
        done = await run_apart(url, {})
    assert {what.splitlines()[0] for what in done.failures} == {
        "GET /odd/{number}: Server error",
        "GET /odd/{number}: Undocumented status code",
    }
    assert list(gaps(app.openapi())) == ["GET /odd/{number}: 200 has no schema"]


async def test_otp_answers_as_described(kafka_bootstrap: str, valkey: Valkey) -> None:
    app = build_otp(otp_settings(kafka_bootstrap, valkey.url))
    async with served(app) as url:
        verify = "POST /internal/v1/accounts/{account_id}/challenges/{challenge_id}/verify"
        await answers_as_described(app, url, {"^/internal/": f"Bearer {CREDENTIAL}"}, verify)


async def test_the_notifier_answers_as_described(kafka_bootstrap: str, valkey: Valkey) -> None:
    settings = {
        "port": 1,
        "kafka": kafka_bootstrap,
        "redis_url": valkey.url,
        "sealing_private_keys": PRIVATE_KEYS,
        "suppression_keys": private_ring("s1").text,
        "operators": f"sam:support:{digest('support-secret')}",
        "sendgrid_api_key": "SG.secret-key",
        "sendgrid_webhook_keys": Signer().public,
        "mail_from": "no-reply@gatepost.example",
        "mail_domain": "gatepost.example",
        "brand": "Gatepost",
    }
    app = build_notifier(NotifierSettings.model_validate(settings))
    async with served(app) as url:
        verbs = (f"POST /v1/admin/suppressions/{verb}" for verb in ("lookup", "clear"))
        await answers_as_described(app, url, {"^/v1/admin/": "Bearer support-secret"}, *verbs)


async def test_rollout_answers_as_described(kafka_bootstrap: str, postgres: Postgres) -> None:
    async with empty_database(postgres, "openapi-rollout") as database:
        await asyncio.to_thread(migrate, ROLLOUT_MIGRATIONS, database)
        settings = {"port": 1, "kafka": kafka_bootstrap, "database_url": database, "operators": OPERATORS}
        app = build_rollout(RolloutSettings.model_validate(settings))
        async with served(app) as url:
            credentials = {"^/v1/(regions|instances|changes|previews|audit)": f"Bearer {TOKENS['admin']}"}
            await _off(f"{url}/v1/regions/emea", TOKENS["admin"])
            region = "/v1/regions/{region}"
            regions = (f"GET {region}", f"GET {region}/announcements", f"GET {region}/propagation", "GET /v1/schedule")
            previews = (f"GET {region}/logins", "POST /v1/previews")
            pauses = (f"POST {region}/pause", f"POST {region}/resume", f"GET {region}/guard")
            plans = ("POST /v1/plans", "GET /v1/plans", "GET /v1/plans/{plan_id}")
            changes = ("POST /v1/changes", "GET /v1/changes", "GET /v1/audit", "GET /v1/audit/head")
            await answers_as_described(app, url, credentials, *regions, *pauses, *previews, *plans, *changes)


async def _off(region: str, token: str) -> None:
    """Make the region that the examples name; one whose policy asks for codes would take two people."""
    headers = {"Authorization": f"Bearer {token}", "If-None-Match": "*"}

    async def made() -> bool:
        body = {"mode": "off", "reason": "where it starts"}
        async with aiohttp.request("PUT", region, json=body, headers=headers) as response:
            return response.status == 201

    await wait_until(made, 20)


@pytest.fixture
async def accounts(postgres: Postgres) -> AsyncIterator[str]:
    """URL of a database with a signing key, and two accounts that sign in with the password alone."""
    async with empty_database(postgres, "openapi-auth") as database:
        await asyncio.to_thread(migrate, MIGRATIONS, database)
        engine = postgres_engine(database, autocommit=True)
        await PostgresSigningKeys(engine, Encryption(STORAGE)).add(SIGNING_KEY, "test")
        for name in ("kim", "alex"):
            await PostgresAccounts(engine).add(account(id=uuid4(), password_hash=HASH, own_mfa=True), name)
        await engine.dispose()
        yield database


async def test_auth_answers_as_described(kafka_bootstrap: str, valkey: Valkey, accounts: str, tmp_path: Path) -> None:
    async with served(build_otp(otp_settings(kafka_bootstrap, valkey.url))) as otp_url:
        app = build_auth(auth_settings(kafka_bootstrap, accounts, otp_url, tmp_path / "policy.json", valkey.url))
        async with served(app) as url:
            credentials = {
                "^/v1/(authz|sessions|account.*)$": f"Bearer {await access_token(url, 'kim')}",
                "^/v1/sessions/revoke$": f"Bearer {await access_token(url, 'alex')}",  # and so ends no session of kim's
                "^/v1/admin": "Bearer admin",
                "^/v1/challenges$": "Bearer step_up",
            }
            public = ("POST /v1/logins", "GET /v1/authz")
            own = ("GET /v1/sessions", "GET /v1/account/devices", "GET /v1/account/factors")
            operators = ("GET /v1/admin/audit", "POST /v1/admin/imports/{import_id}")
            await answers_as_described(app, url, credentials, *public, *own, *operators)


async def access_token(url: str, username: str) -> str:
    async with aiohttp.ClientSession(url) as session:
        await wait_until(lambda: ready(session, ""), 20)
        async with session.post("/v1/logins", json={"username": username, "password": PASSWORD}) as response:
            assert response.status == 200
            return str((await response.json())["access_token"])
