"""The webhook and the suppression list, with Kafka and Redis as they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
import redis.asyncio
import structlog

from deploy.local.valkey import Valkey
from services.notifier.api.sendgrid_webhook import PATH
from services.notifier.app import build
from services.notifier.domain.signed_labels import SignedLabels
from services.notifier.settings import NotifierSettings
from shared.credentials import digest
from shared.events import AccountSuppressed, EmailOutcome
from tests.integration.notifier.conftest import now
from tests.integration.shared.kafka_kit import Cluster
from tests.integration.shared.served import served
from tests.unit.notifier.fakes import PRIVATE_KEYS
from tests.unit.notifier.reports import Signer, body_of, labels, sendgrid_event
from tests.unit.shared.samples import private_ring
from tests.wait_until import wait_until

SIGNER = Signer()
TOKENS = {"support": "support-token", "viewer": "viewer-token"}
GONE = "127.0.0.1:1"


def settings(kafka: str, redis_url: str, **more: Any) -> NotifierSettings:
    return NotifierSettings.model_validate(
        {
            "port": 1,
            "kafka": kafka,
            "redis_url": redis_url,
            "sealing_private_keys": PRIVATE_KEYS,
            "sendgrid_api_key": "SG.secret-key",
            "sendgrid_url": "http://127.0.0.1:1",
            "sendgrid_webhook_keys": SIGNER.public,
            "suppression_keys": PRIVATE_KEYS,
            "operators": ",".join(f"sam:{role}:{digest(token)}" for role, token in TOKENS.items()),
            "mail_from": "no-reply@gatepost.example",
            "mail_domain": "gatepost.example",
            "brand": "Gatepost",
            **more,
        }
    )


@dataclass
class Notifiers:
    """One that reaches Kafka and one that does not, over one Redis."""

    first: str
    cut_off: str
    http: aiohttp.ClientSession
    kafka: Cluster

    async def post(self, url: str, body: bytes) -> int:
        async with self.http.post(f"{url}{PATH}", data=body, headers=SIGNER.headers(body, now())) as response:
            return response.status

    async def outcomes(self, *message_ids: UUID) -> list[dict[str, Any]]:
        records = await self.kafka.read(EmailOutcome.topic)
        found = [EmailOutcome.model_validate_json(record.value) for record in records]
        return [each.model_dump() | {"id": each.id} for each in found if each.message_id in message_ids]

    async def suppressed(self, account_id: UUID) -> list[datetime | None]:
        """Until when the account was said to be, in the order in which it was."""
        records = await self.kafka.read(AccountSuppressed.topic)
        found = [AccountSuppressed.model_validate_json(record.value) for record in records]
        return [each.until for each in found if each.account_id == account_id]

    async def admin(self, verb: str, role: str = "support", **body: object) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {TOKENS.get(role, role)}"}
        url = f"{self.first}/v1/admin/suppressions/{verb}"
        async with self.http.post(url, json=body, headers=headers) as response:
            return response.status, await response.json()


@pytest.fixture(scope="module")
async def n(kafka_bootstrap: str, kafka_kind: str, valkey: Valkey) -> AsyncIterator[Notifiers]:
    async with AsyncExitStack() as stack:
        urls = [
            await stack.enter_async_context(served(build(settings(kafka, valkey.url))))
            for kafka in (kafka_bootstrap, GONE)
        ]
        http = await stack.enter_async_context(aiohttp.ClientSession())

        async def connected() -> bool:
            async with http.get(f"{urls[0]}/readyz?exclude=provider") as response:
                return response.status == 200

        await wait_until(connected, within_s=30)
        yield Notifiers(urls[0], urls[1], http, Cluster(kafka_bootstrap, kafka_kind))


async def test_what_is_answered_with_204_is_on_kafka(n: Notifiers) -> None:
    ours = labels(attempt=2)
    at = now() - timedelta(seconds=40)
    body = body_of(sendgrid_event("delivered", ours, timestamp=int(at.timestamp())))
    assert await n.post(n.first, body) == 204
    (outcome,) = await n.outcomes(ours.message_id)
    assert (outcome["outcome"], outcome["attempt"], outcome["provider"]) == ("delivered", 2, "sendgrid")
    assert outcome["at"] == at.replace(microsecond=0)


async def test_forty_six_copies_sent_at_once_are_one_outcome(n: Notifiers) -> None:
    ours = labels()
    body = body_of(sendgrid_event("delivered", ours))
    statuses = await asyncio.gather(*(n.post(n.first, body) for _ in range(46)))
    assert set(statuses) == {204}
    assert len(await n.outcomes(ours.message_id)) == 1


async def test_without_kafka_it_answers_503_and_the_repetition_is_one_outcome(n: Notifiers) -> None:
    ours = labels()
    body = body_of(sendgrid_event("delivered", ours), sendgrid_event("deferred", ours))
    assert await n.post(n.cut_off, body) == 503
    assert await n.outcomes(ours.message_id) == []
    assert await n.post(n.first, body) == 204
    assert await n.post(n.first, body) == 204
    assert await n.post(n.cut_off, body) == 204  # it was told, by whomever
    assert sorted(each["outcome"] for each in await n.outcomes(ours.message_id)) == ["deferred", "delivered"]


async def test_a_thousand_events_are_a_thousand_outcomes_of_which_each_knows_its_mail(n: Notifiers) -> None:
    mails = [labels() for _ in range(1_000)]
    body = body_of(*(sendgrid_event("delivered", each) for each in mails))
    assert await n.post(n.first, body) == 204
    outcomes = await n.outcomes(*(each.message_id for each in mails))
    assert {(each["message_id"], each["account_id"]) for each in outcomes} == {
        (each.message_id, each.account_id) for each in mails
    }
    assert len(outcomes) == 1_000


async def test_a_forged_batch_leaves_neither_an_outcome_nor_an_entry(n: Notifiers) -> None:
    ours = labels()
    body = body_of(sendgrid_event("bounce", ours, type="bounce", email="forged@customer.example"))
    async with n.http.post(f"{n.first}{PATH}", data=body, headers=Signer().headers(body, now())) as response:
        assert response.status == 403
    assert await n.outcomes(ours.message_id) == []
    assert (await n.admin("lookup", address="forged@customer.example"))[1]["suppressed"] is False


async def test_a_bounce_of_another_products_mail_leaves_neither_though_sendgrid_signed_it(n: Notifiers) -> None:
    ours, address = labels(), "elsewhere@customer.example"
    theirs: dict[str, Any] = {**SignedLabels(private_ring("another")).texts(ours)}
    body = body_of(sendgrid_event("bounce", type="bounce", email=address, **theirs))
    assert await n.post(n.first, body) == 204
    assert await n.outcomes(ours.message_id) == []
    assert (await n.admin("lookup", address=address))[1]["suppressed"] is False


async def test_a_bounce_lists_the_address_until_support_clears_it(n: Notifiers) -> None:
    address, ours, at = "Bounced@customer.example", labels(), now().replace(microsecond=0)
    event = sendgrid_event("bounce", ours, type="bounce", email=address, timestamp=int(at.timestamp()))
    assert await n.post(n.first, body_of(event)) == 204
    (outcome,) = await n.outcomes(ours.message_id)
    assert (outcome["outcome"], outcome["reason"]) == ("bounced", None)

    ends = at + timedelta(days=30)
    status, found = await n.admin("lookup", address=address.lower())
    assert status == 200
    assert found == {
        "suppressed": True,
        "cause": "bounced",
        "since": at.isoformat().replace("+00:00", "Z"),
        "expires_at": ends.isoformat().replace("+00:00", "Z"),
    }
    with structlog.testing.capture_logs() as logs:
        assert await n.admin("clear", address=address, reason="Mailbox is back") == (200, {"cleared": True})
    assert await n.admin("clear", address=address, reason="Once more") == (200, {"cleared": False})
    assert (await n.admin("lookup", address=address))[1]["suppressed"] is False
    (entry,) = [each for each in logs if each["event"] == "suppression_cleared"]
    assert (entry["operator"], entry["reason"], entry["cleared"]) == ("sam", "Mailbox is back", True)
    assert address.lower() not in str(logs).lower()


async def test_the_accounts_of_a_suppressed_address_are_told_of_and_again_once_it_is_cleared(n: Notifiers) -> None:
    address, at = "Shared@customer.example", now().replace(microsecond=0)
    two = labels(), labels()
    events = [
        sendgrid_event("bounce", each, type="bounce", email=address, timestamp=int(at.timestamp())) for each in two
    ]
    assert await n.post(n.first, body_of(*events)) == 204
    assert (await n.admin("clear", address=address, reason="Mailbox is back"))[0] == 200
    for each in two:

        async def told(account_id: UUID = each.account_id) -> bool:
            return await n.suppressed(account_id) == [at + timedelta(days=30), None]

        await wait_until(told)


async def test_only_support_may_look_and_clear(n: Notifiers) -> None:
    for verb, body in (("lookup", {}), ("clear", {"reason": "curious"})):
        for role, status in (("viewer", 403), ("stranger", 401)):
            answered, problem = await n.admin(verb, role, address="kim@customer.example", **body)
            assert answered == problem["status"] == status


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"address": "kim"},
        {"address": "kim@a.example", "more": 1},
        {"address": "kim@a.example\nBcc: b@c.example", "reason": "why not"},
        {"address": "kim@a.example", "reason": "kim@a.example asked"},
        {"address": "kim@a.example", "reason": "two\nlines"},
    ],
    ids=str,
)
async def test_what_is_no_address_or_would_put_one_into_the_log_is_refused(n: Notifiers, body: dict[str, Any]) -> None:
    status, problem = await n.admin("clear", **body)
    assert status == 422
    assert "kim" not in str(problem)


async def test_no_address_of_a_report_stands_in_redis_or_on_kafka(n: Notifiers, valkey: Valkey) -> None:
    canary = "canary@secret.example"
    events = [
        sendgrid_event("bounce", type="bounce", email=canary, reason=f"550 <{canary}>"),
        sendgrid_event("dropped", reason="Bounced Address", email=canary),
        sendgrid_event("spamreport", email=canary, sg_event_id=f"spam-{canary}"),
    ]
    assert await n.post(n.first, body_of(*events)) == 204
    client = redis.asyncio.Redis.from_url(valkey.url, decode_responses=True)
    dump = ""
    async for key in client.scan_iter("notifier:*"):
        dump += f"{key!r} {await client.get(key)!r}\n" if await client.type(key) == "string" else f"{key!r}\n"
    await client.aclose()
    assert "spam-report" in dump
    records = [*await n.kafka.read(EmailOutcome.topic), *await n.kafka.read(AccountSuppressed.topic)]
    assert "secret.example" not in dump + str([record.value for record in records])
