"""Nothing that SendGrid did not sign just now, byte for byte, reaches the use case."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from services.notifier.adapters.sendgrid_signature import SendGridSignature
from services.notifier.api.sendgrid_webhook import MOST_BODY_BYTES, PATH, sendgrid_webhook_routes
from services.notifier.use_cases.take_delivery_reports import TakeDeliveryReports
from shared.events import Outcome
from shared.health import Health
from shared.http_service import http_service
from tests.clock import Clock
from tests.unit.notifier.fakes import NOW, FakeAccounts, FakeKafka
from tests.unit.notifier.reports import SIGNED, FakeSuppressions, FakeTold, Signer, body_of, one_by_one, sendgrid_event
from tests.unit.shared.asgi_kit import Answer, call

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
BODY = body_of(sendgrid_event(), sendgrid_event("deferred"))


class Webhook:
    """The route behind the body limit of the service, with everything below it in memory."""

    def __init__(self, *keys: str) -> None:
        self.kafka, self.told, self.clock = FakeKafka(), FakeTold(), Clock(NOW)
        tell, publish = FakeAccounts().tell(), one_by_one(self.kafka.publish)
        take = TakeDeliveryReports(self.told, FakeSuppressions(), tell, publish, SIGNED.read)
        self.app = http_service("test", Health({}), nothing, larger={PATH: MOST_BODY_BYTES})
        self.app.include_router(sendgrid_webhook_routes(take, SendGridSignature(keys) if keys else None, self.clock))

    async def post(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Header names are lower case where an application gets them."""
        return await call(self.app, "POST", PATH, body, {name.lower(): value for name, value in headers.items()})

    def untouched(self) -> bool:
        return self.kafka.published == [] and self.told.known == {}


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def webhook(signer: Signer) -> Webhook:
    return Webhook(signer.public)


def name_of(answer: Answer) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json["type"]).rpartition(":")[2]


async def test_what_sendgrid_signed_is_taken(webhook: Webhook, signer: Signer) -> None:
    assert (await webhook.post(BODY, signer.headers(BODY, NOW))).status == 204
    assert {each.outcome for each in webhook.kafka.published} == {Outcome.DELIVERED, Outcome.DEFERRED}


async def test_either_key_will_do_while_one_is_replaced_by_the_next(signer: Signer) -> None:
    old = Signer()
    webhook = Webhook(signer.public, old.public)
    for each in (signer, old):
        assert (await webhook.post(BODY, each.headers(BODY, NOW))).status == 204


RESERIALISED = json.dumps(json.loads(BODY), separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "body",
    [BODY[:-1], BODY[:-60], b"", b"[]", RESERIALISED, BODY + b" ", b"\xff" + BODY],
    ids=lambda body: str(len(body)),
)
async def test_a_body_that_is_not_the_one_that_was_signed_changes_nothing(
    webhook: Webhook, signer: Signer, body: bytes
) -> None:
    answer = await webhook.post(body, signer.headers(BODY, NOW))
    assert (answer.status, name_of(answer)) == (403, "webhook-not-signed")
    assert webhook.untouched()


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "x",
        "é",
        "not base64 at all",
        "AAAA",
        base64.b64encode(bytes(64)).decode(),
        base64.b64encode(bytes(72)).decode(),
        "A" * 100_000,
        "MAYCAQACAQA=",  # r = s = 0
        Signer().signature(BODY, str(int(NOW.timestamp()))),
    ],
    ids=range(10),
)
async def test_a_forged_or_malformed_signature_is_a_clean_refusal(
    webhook: Webhook, signer: Signer, signature: str
) -> None:
    answer = await webhook.post(BODY, signer.headers(BODY, NOW) | {SIGNATURE: signature})
    assert (answer.status, name_of(answer)) == (403, "webhook-not-signed")
    assert webhook.untouched()


async def test_a_body_without_any_signature_changes_nothing(webhook: Webhook) -> None:
    assert (await webhook.post(BODY, {})).status == 403
    assert (await webhook.post(BODY, {TIMESTAMP: str(int(NOW.timestamp()))})).status == 403
    assert webhook.untouched()


@pytest.mark.parametrize(
    ("off", "status"), [(-301, 403), (-300, 204), (300, 204), (301, 403), (-(10**9), 403)], ids=str
)
async def test_what_was_signed_at_another_time_is_no_longer_believed(
    webhook: Webhook, signer: Signer, off: int, status: int
) -> None:
    answer = await webhook.post(BODY, signer.headers(BODY, NOW + timedelta(seconds=off)))
    assert answer.status == status
    if status == 403:
        assert name_of(answer) == "webhook-not-recent"
        assert webhook.untouched()


@pytest.mark.parametrize(
    "timestamp", ["", "-1", "1e9", "٣٣", "9" * 5_000, " ", "0x10", "NaN"], ids=lambda each: each[:5]
)
async def test_a_time_that_is_none_is_a_clean_refusal_even_when_signed(
    webhook: Webhook, signer: Signer, timestamp: str
) -> None:
    headers = signer.headers(BODY, NOW) | {TIMESTAMP: timestamp, SIGNATURE: signer.signature(BODY, timestamp)}
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    assert (await webhook.post(BODY, headers)).status == 403
    assert webhook.untouched()


async def test_a_new_timestamp_on_an_old_signature_is_a_forgery(webhook: Webhook, signer: Signer) -> None:
    old = signer.headers(BODY, NOW - timedelta(hours=1))
    answer = await webhook.post(BODY, old | {TIMESTAMP: str(int(NOW.timestamp()))})
    assert name_of(answer) == "webhook-not-signed"
    assert webhook.untouched()


async def test_the_same_body_again_within_the_window_changes_nothing_more(webhook: Webhook, signer: Signer) -> None:
    headers = signer.headers(BODY, NOW)
    await webhook.post(BODY, headers)
    webhook.clock.advance(timedelta(seconds=299))
    assert (await webhook.post(BODY, headers)).status == 204
    assert len(webhook.kafka.published) == 2


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[" * 100_000, 400), (b"1" * 5_000, 400), (b"{}", 422), (b"null", 422)]
)
async def test_signed_nonsense_is_told_apart(webhook: Webhook, signer: Signer, body: bytes, status: int) -> None:
    answer = await webhook.post(body, signer.headers(body, NOW))
    assert answer.status == status
    assert name_of(answer) in ("malformed-request", "invalid-request")


async def test_events_that_nobody_can_read_do_not_hold_up_the_others(webhook: Webhook, signer: Signer) -> None:
    junk: list[Any] = [None, 7, "x", [], {}, {"event": []}, sendgrid_event(timestamp=10**30)]
    junk.append(sendgrid_event(region="\ud800"))
    body = body_of(*junk, sendgrid_event())
    assert (await webhook.post(body, signer.headers(body, NOW))).status == 204
    assert len(webhook.kafka.published) == 1


async def test_while_kafka_is_away_it_says_come_again(webhook: Webhook, signer: Signer) -> None:
    webhook.kafka.down = True
    answer = await webhook.post(BODY, signer.headers(BODY, NOW))
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    webhook.kafka.down = False
    assert (await webhook.post(BODY, signer.headers(BODY, NOW))).status == 204
    assert len(webhook.kafka.published) == 2


async def test_a_batch_of_sendgrids_size_is_taken_and_a_larger_body_is_not_read(
    webhook: Webhook, signer: Signer
) -> None:
    batch = body_of(*(sendgrid_event() for _ in range(1_000)))
    assert 500_000 < len(batch) < MOST_BODY_BYTES / 2
    assert (await webhook.post(batch, signer.headers(batch, NOW))).status == 204
    large = b" " * (MOST_BODY_BYTES + 1)
    answer = await webhook.post(large, signer.headers(large, NOW))
    assert (answer.status, answer.json["limit_bytes"]) == (413, MOST_BODY_BYTES)


async def test_other_paths_take_no_more_than_before(webhook: Webhook) -> None:
    assert (await call(webhook.app, "POST", f"{PATH}/x", b" " * 70_000)).status == 413


async def test_without_keys_there_is_no_webhook(signer: Signer) -> None:
    webhook = Webhook()
    answer = await webhook.post(BODY, signer.headers(BODY, NOW))
    assert (answer.status, name_of(answer)) == (404, "webhook-not-set-up")
    assert webhook.untouched()
