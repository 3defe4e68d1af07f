"""5,000 codes while the first provider hangs: the second one has them soon, and the first is left alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from deploy.local.valkey import Valkey
from tests.integration.notifier.conftest import now
from tests.integration.notifier.notifier_process import NotifierProcess
from tests.integration.notifier.outcomes import Outcomes, listening
from tests.integration.notifier.relay import Relay, relaying
from tests.unit.notifier.fakes import passcode_issued
from tests.wait_until import wait_until

CODES = 5_000
PER_SECOND = 200


@dataclass
class World:
    notifier: NotifierProcess
    outcomes: Outcomes
    http: aiohttp.ClientSession
    mailbox: str
    relay: Relay
    published: dict[UUID, datetime] = field(default_factory=dict)

    async def publish(self) -> None:
        event = passcode_issued(expires_at=now() + timedelta(minutes=10))
        self.published[event.message_id] = now()
        await self.outcomes.bus.publisher.publish(event)

    async def metric(self, name: str, *labels: str) -> float:
        async with self.http.get(f"{self.notifier.url}/metrics") as response:
            lines = (await response.text()).splitlines()
        found = [line for line in lines if line.startswith(name) and all(label in line for label in labels)]
        return float(found[0].rsplit(" ", 1)[1]) if found else 0.0

    async def opened(self) -> float:
        return await self.metric("gatepost_mail_circuit_changes_total", 'provider="sendgrid"', 'state="open"')

    async def is_closed(self) -> bool:
        await self.publish()
        return await self.metric("gatepost_mail_circuit_open", 'provider="sendgrid"') == 0


@asynccontextmanager
async def running(env: dict[str, str], logs: Path) -> AsyncIterator[NotifierProcess]:
    notifier = NotifierProcess("hanging-provider", logs, env)
    await asyncio.to_thread(notifier.start)
    try:
        yield notifier
    finally:
        await asyncio.to_thread(notifier.stop)


@pytest.fixture
async def world(kafka_of_ours: str, valkey: Valkey, mailbox: str, server_directory: Path) -> AsyncIterator[World]:
    async with (
        relaying() as relay,
        listening(kafka_of_ours, "hanging-test") as outcomes,
        aiohttp.ClientSession() as http,
    ):
        env = {
            "GATEPOST_KAFKA": kafka_of_ours,
            "GATEPOST_REDIS_URL": valkey.url,
            "GATEPOST_SENDGRID_URL": mailbox,
            "GATEPOST_SMTP_URL": relay.url,
            "GATEPOST_SMTP_PER_SECOND": "2000",
            "GATEPOST_CIRCUIT_OPEN_S": "3",
        }
        async with running(env, server_directory / "logs") as notifier:
            yield World(notifier, outcomes, http, mailbox, relay)


async def test_a_provider_that_hangs_delays_few_codes_and_none_for_long(world: World) -> None:
    async with world.http.post(f"{world.mailbox}/api/faults", json={"delay_s": 600}) as response:
        assert response.status == 200
    began = asyncio.get_running_loop().time()
    for number in range(CODES):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - asyncio.get_running_loop().time()))
        await world.publish()
    await wait_until(lambda: all(world.outcomes.accepted(id) for id in world.published), 60)

    # Those under way when it began to hang, one window of them, and one each time that somebody finds out. How long
    # that takes depends on the machine too: a second of patience, and then the relay.
    hung = await world.metric(
        "gatepost_mail_provider_duration_seconds_count", 'provider="sendgrid"', 'answer="unknown"'
    )
    assert hung < 400
    assert len(world.relay.mails) == CODES
    assert await world.opened() >= 1

    async with world.http.delete(f"{world.mailbox}/api/faults"):
        pass
    await wait_until(world.is_closed, 20)
    assert await world.metric("gatepost_mail_circuit_changes_total", 'provider="sendgrid"', 'state="closed"') >= 1
