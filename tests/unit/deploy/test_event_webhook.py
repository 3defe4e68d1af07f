"""The double's reports, received by somebody who knows SendGrid's public key."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from deploy.local.keys import generate_keys
from deploy.local.sendgrid_double.app import build_app
from deploy.local.sendgrid_double.event_webhook import EventWebhook
from services.notifier.adapters.sendgrid_signature import SendGridSignature
from tests.unit.deploy.test_sendgrid_double import AUTHORIZED, MAIL, Client, inbox
from tests.wait_until import wait_until

KEYS = generate_keys(lambda count: b"\x01" * count)


@dataclass
class Receiver:
    """Answers with `refusals` first, one after the other."""

    refusals: list[int] = field(default_factory=list)
    batches: list[list[dict[str, Any]]] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        if self.refusals:
            return web.Response(status=self.refusals.pop())
        body, header = await request.read(), "X-Twilio-Email-Event-Webhook-"
        signed = SendGridSignature([KEYS.webhook_public])
        self.signed.append(signed(body, request.headers[f"{header}Signature"], request.headers[f"{header}Timestamp"]))
        self.batches.append(json.loads(body))
        return web.Response(status=204)

    def told(self, to: str) -> list[str]:
        return [event["event"] for batch in self.batches for event in batch if event["email"] == to]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def client(receiver: Receiver) -> AsyncIterator[Client]:
    app = web.Application()
    app.router.add_post("/events", receiver.take)
    async with TestServer(app) as server:
        webhook = EventWebhook(str(server.make_url("/events")), KEYS.webhook_private)
        async with TestClient(TestServer(build_app(lambda: datetime.now(UTC), webhook))) as each:
            yield each


async def send(client: Client, to: str) -> None:
    mail = MAIL | {"personalizations": [{"to": [{"email": to}]}]}
    async with client.post("/v3/mail/send", json=mail, headers=AUTHORIZED) as response:
        assert response.status == 202


async def plan(client: Client, **fate: object) -> None:
    async with client.post("/api/deliveries", json=fate) as response:
        assert response.status == 200


async def test_what_becomes_of_a_mail_is_reported_and_signed(client: Client, receiver: Receiver) -> None:
    await send(client, "ada@example.com")
    await wait_until(lambda: receiver.told("ada@example.com") == ["processed", "delivered"])
    assert all(receiver.signed)


async def test_what_is_refused_comes_again(client: Client, receiver: Receiver) -> None:
    receiver.refusals = [503, 403]
    await send(client, "ada@example.com")
    await wait_until(lambda: receiver.told("ada@example.com") == ["processed", "delivered"])
    assert receiver.refusals == []


async def test_a_planned_fate_ends_with_its_count(client: Client, receiver: Receiver) -> None:
    await plan(client, events=["bounce"], count=1)
    for name in ("ada", "bo"):
        await send(client, f"{name}@example.com")
    await wait_until(lambda: receiver.told("bo@example.com") == ["processed", "delivered"])
    assert receiver.told("ada@example.com") == ["bounce"]
    assert [mail["to"] for mail in await inbox(client)] == ["bo@example.com"]
    async with client.get("/api/deliveries") as response:
        assert await response.json() == {}


async def test_copies_and_disorder_are_told_as_asked_for(client: Client, receiver: Receiver) -> None:
    events = ["processed", "deferred", "delivered"]
    await plan(client, events=events, copies=46, shuffled=True)
    await send(client, "ada@example.com")
    await wait_until(lambda: len(receiver.told("ada@example.com")) == 3 * 46)
    told = receiver.told("ada@example.com")
    assert {event: told.count(event) for event in events} == dict.fromkeys(events, 46)
    assert told != sorted(told, key=events.index)
    async with client.delete("/api/deliveries") as response:
        assert response.status == 204


async def test_a_plan_that_makes_no_sense_is_a_problem(client: Client) -> None:
    for body, status in ((b'{"events": ["opened"]}', 422), (b"{", 400)):
        async with client.post("/api/deliveries", data=body) as response:
            assert response.status == status
            assert response.content_type == "application/problem+json"
