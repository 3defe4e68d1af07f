"""Rollout as its clients and its readers see it: processes, HTTP calls, and what lands on the topic."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiokafka import AIOKafkaConsumer
from pydantic import ValidationError

from deploy.local.ports import free_port
from deploy.local.service_process import ServiceProcess
from services.rollout.__main__ import MIGRATIONS
from shared.credentials import digest
from shared.events import RegionPolicyChanged
from shared.postgres import migrate
from tests.wait_until import wait_until

TOKENS = {role: f"a-long-token-of-the-{role}" for role in ("viewer", "release_manager", "approver", "admin")}
OPERATORS = ",".join(f"some-{role}:{role}:{digest(token)}" for role, token in TOKENS.items())
OFF = {"mode": "off", "reason": "where it starts"}
RAMP = {"mode": "ramp", "percent": 2_500, "reason": "first step"}


def bearer(role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[role]}"}


def new_name() -> str:
    return f"r{uuid4().hex[:12]}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The name of the problem; checks that it is one."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        assert self.json["status"] == self.status
        return str(self.json["type"]).removeprefix("urn:gatepost:problem:")


@dataclass(frozen=True)
class Rollout:
    """One instance, and a client for it."""

    process: ServiceProcess
    client: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """`body` is JSON, or bytes as they are. `if_match` becomes `If-Match`; by a release manager if no other."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        wanted = {"Content-Type": "application/json"} | bearer("release_manager") | named
        async with self.client.request(method, self.process.url + path, data=data, headers=wanted) as response:
            endless = response.content_type == "text/event-stream"
            return Answer(response.status, response.headers, "" if endless else await response.text())

    async def put(self, name: str, policy: object, **precondition: str) -> Answer:
        return await self.call("PUT", f"/v1/regions/{name}", policy, **precondition)

    async def create(self, name: str, policy: object = OFF) -> Answer:
        """By two people, where it takes two."""
        return await self._by_two(name, await self.put(name, policy, if_none_match="*"), 201)

    async def change(self, name: str, version: int, policy: object = RAMP) -> Answer:
        """By two people, where it takes two."""
        return await self._by_two(name, await self.put(name, policy, if_match=f'"{version}"'), 200)

    async def _by_two(self, name: str, answer: Answer, status: int) -> Answer:
        """As if one had been enough: the region, and the status that a PUT by one has."""
        if answer.status != 202:
            return answer
        for verb, role in (("approve", "approver"), ("apply", "release_manager")):
            change = answer.json
            path, seen = f"/v1/changes/{change['id']}/{verb}", f'"{change["revision"]}"'
            answer = await self.call("POST", path, if_match=seen, **bearer(role))
            if answer.status != 200:
                return answer
        return replace(await self.call("GET", f"/v1/regions/{name}"), status=status)

    async def lives(self) -> bool:
        with suppress(aiohttp.ClientError):
            return (await self.call("GET", "/livez")).status == 200
        return False

    async def ready(self) -> bool:
        return (await self.call("GET", "/readyz")).status == 200

    async def not_ready(self) -> bool:
        return not await self.ready()


class RolloutProcess(ServiceProcess):
    odd: str | None = None

    def argv(self) -> Sequence[str]:
        if self.odd is None:
            return super().argv()
        return [sys.executable, "-m", "tests.integration.rollout.odd_rollout", self.odd]


@asynccontextmanager
async def rollout_on(
    postgres_url: str,
    kafka: str,
    logs: Path,
    more: Mapping[str, str] | None = None,
    *,
    odd: str | None = None,
    ready: bool = True,
) -> AsyncIterator[Rollout]:
    """An instance that is ready, on a database that is migrated; `more` are variables for it. `odd`: what is odd of it
    (odd_rollout.py). Not `ready`: it answers, and does not hear Kafka yet."""
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    port = free_port()
    variables = {
        "GATEPOST_PORT": str(port),
        "GATEPOST_DATABASE_URL": postgres_url,
        "GATEPOST_KAFKA": kafka,
        "GATEPOST_KAFKA_FETCH_WAIT_MS": "50",
        "GATEPOST_KAFKA_DEADLINE_S": "1",
        "GATEPOST_OPERATORS": OPERATORS,
        **(more or {}),
    }
    process = RolloutProcess("rollout", port, logs / str(port), lambda: variables, {})
    process.odd = odd
    try:
        async with aiohttp.ClientSession() as client:
            instance = Rollout(process, client)
            await asyncio.to_thread(process.start, wait=ready)
            await wait_until(instance.lives, within_s=60)
            yield instance
    finally:
        await asyncio.to_thread(process.close)


class Topic:
    """Every policy that ever landed on the topic, read as any stranger would."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.landed: list[tuple[str, RegionPolicyChanged]] = []

    async def read(self) -> None:
        async for record in self._consumer:
            with suppress(ValidationError):  # what a test wrote to be garbage
                self.landed.append((record.key.decode(), RegionPolicyChanged.model_validate_json(record.value)))

    def events(self, name: str) -> list[RegionPolicyChanged]:
        return [event for key, event in self.landed if key == name]

    def versions(self, name: str) -> list[int]:
        return [event.version for event in self.events(name)]


@asynccontextmanager
async def reading(kafka: str) -> AsyncIterator[Topic]:
    consumer = AIOKafkaConsumer(
        RegionPolicyChanged.topic, bootstrap_servers=kafka, auto_offset_reset="earliest", fetch_max_wait_ms=50
    )
    await consumer.start()
    topic = Topic(consumer)
    task = asyncio.create_task(topic.read())
    try:
        yield topic
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()
