"""Auth with a real Kafka, PostgreSQL, Valkey and OTP service; the test holds the notifier's key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from argon2 import PasswordHasher

import services.auth
from deploy.local.valkey import Valkey
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_signing_keys import PostgresSigningKeys
from services.auth.app import build
from services.auth.domain.account import AccountStatus
from services.auth.domain.signing_keys import SigningKeys
from services.auth.settings import AuthSettings
from services.otp.app import build as build_otp
from shared.credentials import digest
from shared.encryption import Encryption
from shared.events import PasscodeIssued, PolicyMode, RegionPolicyChanged
from shared.kafka import EventBus
from shared.keyring import Keyring, encode
from shared.postgres import migrate, postgres_engine
from shared.sealing import Unsealer
from tests.integration.otp.settings import CREDENTIAL, NOTIFIER, otp_settings
from tests.integration.shared.served import ready, served
from tests.unit.auth.samples import account, signing_key, signing_ring
from tests.unit.shared.samples import public_ring
from tests.wait_until import wait_until

MIGRATIONS = Path(services.auth.__file__).parent / "migrations"
ISSUER = "http://auth.example"
PASSWORD = "right horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
SIGNING_KEY = signing_key("sign-1")
SIGNING = SigningKeys([SIGNING_KEY])
STORAGE = signing_ring("store-1")
OPERATORS = ",".join(f"{role}:{role}:{digest(role)}" for role in ("viewer", "support", "admin"))  # role is its secret
STEP_UP_CALLERS = ",".join(f"{role}:{role}:{digest(role)}" for role in ("step_up", "sign_in"))

# Regions of these tests' own: the topic of policies is shared.
REGIONS: dict[str, dict[str, Any]] = {
    "auth-off": {"mode": PolicyMode.OFF},
    "auth-shadow": {"mode": PolicyMode.SHADOW},
    "auth-enforced": {"mode": PolicyMode.ENFORCED},
    "auth-none": {"mode": PolicyMode.RAMP, "percent": 0},
    "auth-all": {"mode": PolicyMode.RAMP, "percent": 10_000},
}


def ring_text(ring: Keyring) -> str:
    return ",".join(f"{key.id}:{encode(key.secret)}" for key in ring)


def auth_settings(
    kafka: str, database: str, otp_url: str, snapshot: Path, redis_url: str = "redis://127.0.0.1:1/0", **more: Any
) -> AuthSettings:
    return AuthSettings.model_validate(
        {
            "port": 1,
            "kafka": kafka,
            "kafka_fetch_wait_ms": 50,
            "kafka_deadline_s": 2,
            "database_url": database,
            "redis_url": redis_url,
            "storage_keys": ring_text(STORAGE),
            "operators": OPERATORS,
            "step_up_callers": STEP_UP_CALLERS,
            "trusted_proxies": "127.0.0.0/8",
            "sealing_public_keys": ring_text(public_ring(NOTIFIER)),
            "issuer": ISSUER,
            "otp_url": otp_url,
            "otp_credential": CREDENTIAL,
            "policy_snapshot": snapshot,
            "argon2_memory_kib": 64,
            "argon2_time_cost": 1,
            "wrong_passwords_account_at_address": "100000/1",  # the tests of the throttle have limits of their own
            "wrong_passwords_address": "100000/1",
            **more,
        }
    )


def policy(region: str, version: int = 1, **changes: Any) -> RegionPolicyChanged:
    values = {"region": region, "version": version, "salt": "0123456789abcdef", "changed_at": datetime.now(UTC)}
    return RegionPolicyChanged.model_validate({**values, **changes})


@dataclass
class Auth:
    url: str
    session: aiohttp.ClientSession
    bus: EventBus
    database: str
    otp_url: str
    issued: list[PasscodeIssued] = field(default_factory=list)

    async def log_in(self, username: str, password: str = PASSWORD, **more: Any) -> tuple[int, Any]:
        return await self.post("/v1/logins", {"username": username, "password": password, **more})

    async def verify(self, challenge: dict[str, Any], code: str, **more: Any) -> tuple[int, Any]:
        body = {"challenge_token": challenge["challenge_token"], "code": code, **more}
        return await self.post(f"/v1/challenges/{challenge['challenge_id']}/verify", body)

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.session.post(self.url + path, json=body) as response:
            return response.status, await response.json(content_type=None)

    async def get(self, path: str, **headers: str) -> tuple[int, Any, Any]:
        async with self.session.get(self.url + path, headers=headers) as response:
            body = await response.read()
            return response.status, body and await response.json(content_type=None), response.headers

    async def code_for(self, challenge: dict[str, Any]) -> str:
        challenge_id = UUID(challenge["challenge_id"])
        await wait_until(lambda: any(issued.challenge_id == challenge_id for issued in self.issued))
        issued = next(each for each in self.issued if each.challenge_id == challenge_id)
        return Unsealer(NOTIFIER).unseal(issued.code, f"code:{challenge_id}")

    async def address_for(self, challenge: dict[str, Any]) -> str:
        await self.code_for(challenge)
        issued = next(each for each in self.issued if str(each.challenge_id) == challenge["challenge_id"])
        return Unsealer(NOTIFIER).unseal(issued.address, f"address:{issued.challenge_id}")


@pytest.fixture(scope="module")
async def database(postgres_url: str) -> str:
    """URL of a migrated database with an account per kind and region, all with the same password."""
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    engine = postgres_engine(postgres_url, autocommit=True)
    store = PostgresAccounts(engine)
    people: dict[str, dict[str, Any]] = {region: {"region": region} for region in REGIONS}
    people["nowhere"] = {"region": "auth-nowhere"}
    people["sso"] = {"region": "auth-enforced", "sso": True}
    people["own-mfa"] = {"region": "auth-enforced", "own_mfa": True}
    people["locked"] = {"region": "auth-off", "status": AccountStatus.LOCKED}
    people["no-password"] = {"region": "auth-off", "password_hash": None}
    for username, changes in people.items():
        whole = {"id": uuid4(), "password_hash": HASH, "email": f"{username}@customer.example"} | changes
        await store.add(account(**whole), username)
    await PostgresSigningKeys(engine, Encryption(STORAGE)).add(SIGNING_KEY, "test")
    await engine.dispose()
    return postgres_url


@asynccontextmanager
async def running_auth(kafka: str, redis_url: str, database: str, snapshot: Path, **otp: Any) -> AsyncIterator[Auth]:
    """With an OTP service of its own, which is told `otp`."""
    issued: list[PasscodeIssued] = []

    async def keep(event: PasscodeIssued) -> None:
        issued.append(event)

    otp_config = otp_settings(kafka, redis_url, **otp)
    bus = EventBus(f"reader-{uuid4()}", otp_config)
    bus.consume(PasscodeIssued, keep)
    bus.start()
    await wait_until(bus.healthy, 20)
    for region, values in REGIONS.items():
        await bus.publisher.publish(policy(region, **values))
    async with aiohttp.ClientSession() as session, served(build_otp(otp_config)) as otp_url:
        await wait_until(lambda: ready(session, otp_url), 20)
        app = build(auth_settings(kafka, database, otp_url, snapshot, redis_url))
        async with served(app) as url:
            await wait_until(lambda: ready(session, url), 20)
            yield Auth(url, session, bus, database, otp_url, issued)
    await bus.stop()


@pytest.fixture(scope="module")
async def auth(
    kafka_bootstrap: str, valkey: Valkey, database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Auth]:
    snapshot = tmp_path_factory.mktemp("auth") / "region-policy.json"
    async with running_auth(kafka_bootstrap, valkey.url, database, snapshot) as auth:
        yield auth
