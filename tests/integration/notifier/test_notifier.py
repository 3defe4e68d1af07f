"""The whole notifier: Kafka in, mailbox and Kafka out, claims in a real Valkey."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
import redis.asyncio
from aiohttp import web
from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI
from pydantic import SecretStr

from deploy.local.sendgrid_double.app import build_app
from deploy.local.valkey import Valkey
from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.credentials import digest
from shared.events import EmailOutcome, Event, NoticeDue, PasscodeIssued
from shared.health import Health
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.sealing import Sealer, public_half
from shared.settings import ServiceSettings
from shared.topics import dead_letters_of, retry_of
from tests.integration.notifier.conftest import now
from tests.integration.shared.kafka_kit import Cluster
from tests.integration.shared.operator_command import gatepost
from tests.unit.notifier.fakes import ADDRESS, CODE, PRIVATE_KEYS, notice_due, passcode_issued
from tests.unit.shared.samples import private_ring
from tests.wait_until import wait_until


@dataclass
class System:
    app: FastAPI
    bus: EventBus
    http: aiohttp.ClientSession
    mailbox: str
    redis: redis.asyncio.Redis
    settings: list[NotifierSettings]  # what a file of keys says by now
    seen: list[EmailOutcome] = field(default_factory=list)

    async def publish(self, event: Event) -> None:
        await self.bus.publisher.publish(event)

    def outcomes(self, message_id: UUID) -> list[str]:
        return [event.outcome.value for event in self.seen if event.message_id == message_id]

    async def outcome_is(self, message_id: UUID, *expected: str) -> None:
        await wait_until(lambda: self.outcomes(message_id) == list(expected), within_s=40)

    async def mails(self, to: str) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.mailbox}/api/messages", params={"to": to}) as response:
            found: list[dict[str, Any]] = await response.json()
            return found

    async def fault(self, **what: object) -> None:
        async with self.http.post(f"{self.mailbox}/api/faults", json=what) as response:
            assert response.status == 200

    async def ready(self) -> dict[str, bool]:
        health: Health = self.app.state.health
        return await health.results()


@pytest.fixture(scope="module")
async def system(kafka_bootstrap: str, kafka_kind: str, valkey: Valkey) -> AsyncIterator[System]:
    runner = web.AppRunner(build_app(now), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    mailbox = f"http://127.0.0.1:{runner.addresses[0][1]}"
    kafka: dict[str, Any] = {
        "port": 38003,
        "kafka": kafka_bootstrap,
        "kafka_fetch_wait_ms": 50 if kafka_kind == "embedded" else 500,
    }
    settings = NotifierSettings(
        **kafka,
        redis_url=SecretStr(valkey.url),
        sealing_private_keys=PRIVATE_KEYS,
        sendgrid_api_key="SG.secret-key",
        sendgrid_url=mailbox,
        suppression_keys=private_ring("s1").text,
        operators=f"sam:support:{digest('support-secret')}",
        mail_from="no-reply@gatepost.example",
        mail_domain="gatepost.example",
        brand="Gatepost",
        provider_deadline_s=2,
        key_refresh_s=0.1,
    )
    reread = [settings]
    app, bus = build(settings, lambda: reread[0]), EventBus("notifier-test", ServiceSettings(**kafka))
    async with aiohttp.ClientSession() as http, app.router.lifespan_context(app):
        made = System(app, bus, http, mailbox, redis.asyncio.Redis.from_url(valkey.url), reread)

        async def note(event: EmailOutcome) -> None:
            made.seen.append(event)

        bus.consume(EmailOutcome, note)
        bus.start()
        await wait_until(bus.healthy, within_s=30)
        await wait_until(lambda: _is_ready(made), within_s=30)
        yield made
        await bus.stop()
        await made.redis.aclose()
    await runner.cleanup()


async def _is_ready(system: System) -> bool:
    return all((await system.ready()).values())


@pytest.fixture
async def s(system: System) -> AsyncIterator[System]:
    yield system
    async with system.http.delete(f"{system.mailbox}/api/faults"):
        pass


def issued(to: str, code: str = CODE) -> PasscodeIssued:
    return passcode_issued(address=to, code=code, expires_at=datetime.now(UTC) + timedelta(minutes=10))


async def test_an_issued_code_is_mailed_and_its_acceptance_told(s: System) -> None:
    event = issued("one@customer.example")
    await s.publish(event)
    await s.outcome_is(event.message_id, "accepted")
    (mail,) = await s.mails("one@customer.example")
    assert mail["text"].splitlines()[-1] == f"@gatepost.example #{CODE}"
    (outcome,) = [seen for seen in s.seen if seen.message_id == event.message_id]
    assert (outcome.challenge_id, outcome.account_id) == (event.challenge_id, event.account_id)
    assert (outcome.provider, outcome.attempt) == ("sendgrid", 1)


async def test_a_sealing_key_that_was_added_while_it_runs_opens_a_code(s: System) -> None:
    ring = Keyring([*Keyring.parse(PRIVATE_KEYS), *private_ring("n2")])
    s.settings[0] = s.settings[0].model_copy(update={"sealing_private_keys": SecretStr(ring.text)})
    sealer, to = Sealer(public_half(private_ring("n2"))), "added@customer.example"

    async def opened() -> bool:
        """False of those that come before the file is read again, which the wait before a promotion prevents."""
        event = issued(to)
        await s.publish(event.model_copy(update={"code": sealer.seal("271828", f"code:{event.challenge_id}")}))
        await wait_until(lambda: bool(s.outcomes(event.message_id)))
        return s.outcomes(event.message_id) == ["accepted"]

    await wait_until(opened)
    assert "#271828" in (await s.mails(to))[0]["text"]


async def test_the_same_event_delivered_five_times_is_one_mail(s: System) -> None:
    event = issued("five@customer.example")
    for _ in range(5):
        await s.publish(event)
    await wait_until(lambda: len(s.outcomes(event.message_id)) == 5, within_s=30)
    assert set(s.outcomes(event.message_id)) == {"accepted"}
    assert len({seen.id for seen in s.seen if seen.message_id == event.message_id}) == 1
    assert len(await s.mails("five@customer.example")) == 1


async def test_two_hundred_codes_are_two_hundred_mails_each_with_its_own_code(s: System) -> None:
    events = {f"{100000 + i}": issued(f"user{i}@crowd.example", f"{100000 + i}") for i in range(200)}
    for event in events.values():
        await s.publish(event)
    ids = {event.message_id for event in events.values()}
    await wait_until(lambda: len({seen.message_id for seen in s.seen} & ids) == 200, within_s=30)
    for i, code in enumerate(events):
        (mail,) = await s.mails(f"user{i}@crowd.example")
        assert f"#{code}" in mail["text"]


async def test_a_provider_that_recovers_gets_the_mail_once(s: System) -> None:
    await s.fault(status=503, count=1)
    event = issued("retry@customer.example")
    await s.publish(event)
    await s.outcome_is(event.message_id, "accepted")
    assert len(await s.mails("retry@customer.example")) == 1


async def test_a_send_that_times_out_is_unknown_and_repeated_once_with_the_same_code(s: System) -> None:
    await s.fault(delay_s=4, count=1)
    event = issued("slow@customer.example")
    await s.publish(event)
    await s.outcome_is(event.message_id, "unknown", "accepted")
    mails = await s.mails("slow@customer.example")
    assert len(mails) == 2
    assert all(f"#{CODE}" in mail["text"] for mail in mails)


async def test_a_hanging_provider_is_called_twice_and_no_more(s: System) -> None:
    await s.fault(delay_s=4)
    event = issued("hang@customer.example")
    await s.publish(event)
    await s.outcome_is(event.message_id, "unknown", "unknown")
    await s.publish(event)
    await s.outcome_is(event.message_id, "unknown", "unknown", "unknown")
    await wait_until(lambda: _has_mails(s, "hang@customer.example", 2))


async def _has_mails(s: System, to: str, number: int) -> bool:
    return len(await s.mails(to)) == number


async def test_a_mail_that_sendgrid_refuses_for_good_is_failed_and_a_dead_letter(
    s: System, kafka_bootstrap: str
) -> None:
    await s.fault(status=400, count=1)
    event = issued("refused@customer.example")
    await s.publish(event)
    await s.outcome_is(event.message_id, "failed")
    await wait_until(lambda: _is_dead(kafka_bootstrap, event), within_s=30)
    assert await s.mails("refused@customer.example") == []


async def test_a_code_that_does_not_open_is_failed_and_a_dead_letter(s: System, kafka_bootstrap: str) -> None:
    event = issued("sealed@customer.example").model_copy(update={"code": issued("other@customer.example").code})
    await s.publish(event)
    await s.outcome_is(event.message_id, "failed")
    await wait_until(lambda: _is_dead(kafka_bootstrap, event), within_s=30)
    assert await s.mails("sealed@customer.example") == []


async def test_a_dead_letter_that_is_replayed_once_its_cause_is_mended_is_one_mail(
    s: System, kafka_bootstrap: str
) -> None:
    await s.fault(status=400, count=1)
    event = issued("replayed@customer.example")
    await s.publish(event)
    await s.outcome_is(event.message_id, "failed")
    await wait_until(lambda: _is_dead(kafka_bootstrap, event), within_s=30)
    words = ("dlq", "replay", PasscodeIssued.topic, "--id", event.id)
    said = [(await gatepost(kafka_bootstrap, *words, *more)).out for more in ((), (), ("--again",))]
    assert [text.splitlines()[-1] for text in said] == ["1 replayed", "0 replayed", "1 replayed"]
    await s.outcome_is(event.message_id, "failed", "accepted", "accepted")
    assert len(await s.mails("replayed@customer.example")) == 1


async def _is_dead(bootstrap: str, event: PasscodeIssued) -> bool:
    consumer = AIOKafkaConsumer(
        dead_letters_of(PasscodeIssued.topic), bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        batches = await consumer.getmany(timeout_ms=1500)
    finally:
        await consumer.stop()
    records = [record for batch in batches.values() for record in batch if record.value]  # a mark has none
    assert not any(CODE.encode() in record.value or b"@" in record.value for record in records)
    return any(json.loads(record.value)["message_id"] == str(event.message_id) for record in records)


async def test_a_code_about_to_expire_is_not_mailed_and_failed(s: System) -> None:
    event = issued("late@customer.example").model_copy(update={"expires_at": now() + timedelta(seconds=100)})
    await s.publish(event)
    await s.outcome_is(event.message_id, "failed")
    assert await s.mails("late@customer.example") == []


async def test_a_refused_key_shows_in_readiness_and_no_mail_is_lost(s: System) -> None:
    await s.fault(status=401)
    event = issued("key@customer.example")
    await s.publish(event)
    await wait_until(lambda: _provider_is(s, False))
    await s.fault(status=202)
    await s.outcome_is(event.message_id, "accepted")
    await wait_until(lambda: _provider_is(s, True))
    assert len(await s.mails("key@customer.example")) == 1


async def _provider_is(s: System, state: bool) -> bool:
    return (await s.ready())["provider"] is state


def news(to: str, life: timedelta = timedelta(hours=1)) -> NoticeDue:
    return notice_due(address=to, expires_at=now() + life)


async def test_a_notice_delivered_three_times_is_one_mail(s: System) -> None:
    notice = news("notice@customer.example")
    for _ in range(3):
        await s.publish(notice)
    await s.outcome_is(notice.notice_id, "accepted", "accepted", "accepted")
    (mail,) = await s.mails("notice@customer.example")
    assert "The email address of your Gatepost account was changed" in mail["text"]
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"
    outcomes = [seen for seen in s.seen if seen.message_id == notice.notice_id]
    assert {(seen.kind, seen.challenge_id, seen.account_id) for seen in outcomes} == {
        ("notice", None, notice.account_id)
    }


async def test_a_notice_outlasts_a_provider_that_fails(s: System) -> None:
    await s.fault(status=503, count=2)
    notice = news("notice-retry@customer.example")
    await s.publish(notice)
    await s.outcome_is(notice.notice_id, "accepted")
    assert len(await s.mails("notice-retry@customer.example")) == 1


async def test_stale_news_is_not_mailed_and_failed(s: System) -> None:
    notice = news("stale@customer.example", timedelta(seconds=-1))
    await s.publish(notice)
    await s.outcome_is(notice.notice_id, "failed")
    assert await s.mails("stale@customer.example") == []


async def test_no_topic_holds_the_address_of_a_notice(s: System, kafka_bootstrap: str, kafka_kind: str) -> None:
    canary = "notice-canary@secret.example"
    notice, unopenable = news(canary), news(canary).model_copy(update={"address": news(canary).address})
    for event in (notice, unopenable):
        await s.publish(event)
    await s.outcome_is(notice.notice_id, "accepted")
    await s.outcome_is(unopenable.notice_id, "failed")
    cluster = Cluster(kafka_bootstrap, kafka_kind)
    dead = dead_letters_of(NoticeDue.topic)
    await wait_until(lambda: _stands_in(cluster, dead, unopenable), within_s=30)
    for topic in (NoticeDue.topic, retry_of(NoticeDue.topic), dead, EmailOutcome.topic):
        for record in await cluster.read(topic):
            assert b"secret.example" not in record.value + b"".join(value for _, value in record.headers)


async def _stands_in(cluster: Cluster, topic: str, event: Event) -> bool:
    return any(event.id.encode() in record.value for record in await cluster.read(topic))


async def test_neither_redis_nor_the_outcomes_know_a_code_or_an_address(s: System) -> None:
    canary = "93720586"
    event = issued("canary@customer.example", canary)
    await s.publish(event)
    notice = news("canary@customer.example")
    await s.publish(notice)
    await s.outcome_is(event.message_id, "accepted")
    await s.outcome_is(notice.notice_id, "accepted")
    assert len(await s.mails("canary@customer.example")) == 2
    dump = ""
    async for key in s.redis.scan_iter("notifier:*", _type="HASH"):
        dump += f"{key!r} {await s.redis.hgetall(key)!r}\n"
    told = "".join(seen.model_dump_json() for seen in s.seen)
    for secret in (canary, "customer.example", ADDRESS):
        assert secret not in dump
        assert secret not in told
    assert str(event.message_id) in dump
    assert str(notice.notice_id) in dump


async def test_no_message_was_mailed_more_often_than_it_may_be(s: System) -> None:
    async with s.http.get(f"{s.mailbox}/api/messages") as response:
        counts = Counter(mail["to"] for mail in await response.json())
    twice = {f"{name}@customer.example" for name in ("slow", "hang", "canary")}
    assert {to for to, count in counts.items() if count > 1} <= twice
    assert max(counts.values()) <= 2


async def test_it_is_not_ready_on_a_redis_that_would_evict_its_claims(s: System) -> None:
    await s.redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        await wait_until(lambda: _redis_is(s, fit=False))
    finally:
        await s.redis.config_set("maxmemory-policy", "noeviction")
    await wait_until(lambda: _redis_is(s, fit=True))


async def _redis_is(system: System, *, fit: bool) -> bool:
    return (await system.ready())["redis"] is fit
