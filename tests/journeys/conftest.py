"""The whole system, as the launcher runs it: one for all journeys, with telemetry on."""

import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from deploy.local.seed import import_accounts
from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.journeys.launcher import Launcher, free_port_base
from tests.journeys.otlp_receiver import OtlpReceiver
from tests.journeys.person import Answer, Gateway

# The cheapest Argon2: hundreds of logins are not about the hash.
CHEAP_HASH = {"GATEPOST_ARGON2_MEMORY_KIB": "8", "GATEPOST_ARGON2_TIME_COST": "1"}


@pytest.fixture(scope="session")
async def collector() -> AsyncIterator[OtlpReceiver]:
    receiver = OtlpReceiver()
    stop = await receiver.start()
    yield receiver
    await stop()


@pytest.fixture(scope="session")
async def system(kafka_kind: str, collector: OtlpReceiver) -> AsyncIterator[LocalSystem]:
    telemetry = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    }
    # Eight digits: no time stamp holds a code by chance when one is searched for.
    otp = {"GATEPOST_CODE_DIGITS": "8", "GATEPOST_RESEND_COOLDOWN_S": "2"}
    # Journeys break mails on purpose: the guard looks at regions of plans alone, whose waves say how many it takes.
    # Their few people sign in all the time.
    guard = {
        "GATEPOST_GUARD_MOST_OF_ACCOUNT": "1000",
        "GATEPOST_GUARD_MINIMUM_SAMPLE": "1000000",
        "GATEPOST_GUARD_ACCEPTED_AFTER_S": "3",
        "GATEPOST_GUARD_DELIVERED_AFTER_S": "4",
        "GATEPOST_GUARD_CLOSED_AFTER_S": "4",
    }
    service_env = {"auth": CHEAP_HASH, "otp": otp, "rollout": guard}
    with LocalSystem(kafka_kind, free_port_base(), env=telemetry, service_env=service_env) as running:
        yield running


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path)
    yield launcher
    if launcher.process.poll() is None:
        launcher.stop()


@pytest.fixture
async def gateway(system: LocalSystem) -> AsyncIterator[Gateway]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        gateway = Gateway(http, system.services["auth"].url, system.mailbox.url)
        yield gateway
        await gateway.clear_plans()


@pytest.fixture
def people(system: LocalSystem) -> Callable[..., list[SeedAccount]]:
    """Makes so many new accounts in a region."""

    def make(count: int, region: str = "emea") -> list[SeedAccount]:
        run = secrets.token_hex(4)
        new = [SeedAccount(f"{run}-{n}", f"pw-{run}-{n}", f"{run}-{n}@example.com", region, "en") for n in range(count)]
        env = system.services["auth"].environment()
        import_accounts(system.commands["import-accounts"], new, system.directory / f"{run}.jsonl", env)
        return new

    return make


@dataclass
class ReleaseManager:
    """With a colleague who approves."""

    gateway: Gateway
    rollout: str
    tokens: Mapping[str, str]

    async def set_mode(self, region: str, mode: str, **more: object) -> int:
        """Change a region's policy over the API; its new version."""
        path = f"/v1/regions/{region}"
        found = await self.call("release_manager", "GET", path)
        match = {"If-Match": found.headers["ETag"]} if found.status == 200 else {"If-None-Match": "*"}
        body = {"mode": mode, "reason": "a journey in the tests", **more}
        changed = await self.call("release_manager", "PUT", path, match, body)
        for role, verb in (("approver", "approve"), ("release_manager", "apply")) if changed.status == 202 else ():
            seen = {"If-Match": f'"{changed.body["revision"]}"'}
            changed = await self.call(role, "POST", f"/v1/changes/{changed.body['id']}/{verb}", seen)
        assert changed.status in (200, 201), json.dumps(changed.body)
        version: int = (await self.call("release_manager", "GET", path)).body["version"]
        return version

    async def call(
        self, role: str, method: str, path: str, headers: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        authorized = {"Authorization": f"Bearer {self.tokens[role]}", **(headers or {})}
        return await self.gateway.call(method, self.rollout + path, headers=authorized, json=body)


@pytest.fixture
def release_manager(system: LocalSystem, gateway: Gateway) -> ReleaseManager:
    return ReleaseManager(gateway, system.services["rollout"].url, system.keys.operators)
