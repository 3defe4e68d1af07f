"""The guard from what auth, the notifier and otp publish to a paused region, on real PostgreSQL and Kafka."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.embedded_kafka import EmbeddedKafka
from services.rollout.domain.audit import AuditEntry, Head, first_broken
from shared.cloudevents import body_of
from shared.events import ChallengeClosed, EmailOutcome, Event, LoginOutcome, Outcome, RegionPaused, RegionResumed
from tests.integration.rollout.instance import RAMP, Answer, Rollout, bearer, rollout_on
from tests.integration.shared.kafka_kit import raw_headers
from tests.wait_until import wait_until

BECAUSE = {"reason": "as told on the phone"}
# A test does not wait for minutes: challenges are judged a second after they were asked for.
SOON = {f"GATEPOST_GUARD_{name}_AFTER_S": "1" for name in ("ACCEPTED", "DELIVERED", "CLOSED")} | {
    "GATEPOST_GUARD_MINIMUM_SAMPLE": "20"
}


@pytest.fixture(scope="module")
def own_kafka(server_directory: Path) -> Iterator[EmbeddedKafka]:
    """One that may be stopped."""
    with EmbeddedKafka(server_directory / "guard" / "logs") as broker:
        yield broker


@pytest.fixture(scope="module")
async def rollout(postgres_url: str, kafka_bootstrap: str, server_directory: Path) -> AsyncIterator[Rollout]:
    async with rollout_on(postgres_url, kafka_bootstrap, server_directory / "logs", SOON) as instance:
        yield instance


def told_of(region: str, outcome: Outcome, count: int, ago: timedelta) -> list[Event]:
    """Challenges one after the other; each outcome before its login, and twice."""
    events: list[Event] = []
    for _ in range(count):
        challenge, account, at = uuid4(), uuid4(), datetime.now(UTC) - ago
        mail = EmailOutcome(
            message_id=uuid4(), account_id=account, challenge_id=challenge, region=region, provider="sendgrid",
            outcome=outcome, attempt=1, at=at + timedelta(seconds=1),
        )  # fmt: skip
        accepted = mail.model_copy(update={"outcome": Outcome.ACCEPTED, "at": at})
        login = LoginOutcome(
            attempt_id=uuid4(), account_id=account, challenge_id=challenge, outcome="challenged", reason="inside-ramp",
            region=region, product="shop", at=at,
        )  # fmt: skip
        end = ChallengeClosed(challenge_id=challenge, account_id=account, end="verified", attempts=1)
        events += [end, mail, accepted, mail, login, end]
    return events


async def publish(kafka: str, events: list[Event]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, linger_ms=5)
    await producer.start()
    for event in events:
        await producer.send(event.topic, body_of(event), event.key.encode(), headers=raw_headers(event))
    await producer.stop()


async def landed(kafka: str, topic: str, region: str) -> list[str]:
    """Of the region, in order: the bodies."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, auto_offset_reset="earliest", fetch_max_wait_ms=50, enable_auto_commit=False
    )
    await consumer.start()
    try:
        found = await consumer.getmany(timeout_ms=2_000)
        return [
            record.value.decode() for records in found.values() for record in records if record.key == region.encode()
        ]
    finally:
        await consumer.stop()


async def guard(rollout: Rollout, name: str) -> Answer:
    return await rollout.call("GET", f"/v1/regions/{name}/guard", **bearer("viewer"))


async def pause(rollout: Rollout, name: str, role: str = "approver") -> Answer:
    return await rollout.call("POST", f"/v1/regions/{name}/pause", BECAUSE, **bearer(role))


async def resume(rollout: Rollout, name: str) -> Answer:
    return await rollout.call("POST", f"/v1/regions/{name}/resume", BECAUSE)


async def says(rollout: Rollout, name: str, result: str, within_s: float = 30) -> None:
    async def said() -> bool:
        answer = await guard(rollout, name)
        return answer.status == 200 and answer.json["result"] == result

    await wait_until(said, within_s)


async def is_paused(rollout: Rollout, name: str) -> bool:
    return (await guard(rollout, name)).json["pause"] is not None


async def test_a_region_whose_mail_comes_back_is_paused_and_goes_on_when_a_person_says_so(
    rollout: Rollout, kafka_bootstrap: str, name: str
) -> None:
    await rollout.create(name, RAMP)
    await publish(kafka_bootstrap, told_of(name, Outcome.DELIVERED, 200, timedelta(minutes=10)))
    await says(rollout, name, "pass")
    await publish(kafka_bootstrap, told_of(name, Outcome.BOUNCED, 30, timedelta(seconds=10)))
    await wait_until(lambda: is_paused(rollout, name), 30)

    standing = (await guard(rollout, name)).json["pause"]
    assert (standing["by"], standing["because"]) == (
        "system", "bounced 100.0% of 30 challenges in 1m, at most 10.0% was to be",
    )  # fmt: skip
    (entry,) = [
        each
        for each in (await rollout.call("GET", f"/v1/audit?region={name}")).json["entries"]
        if each["action"] == "region-paused"
    ]
    assert (entry["actor"], entry["detail"]["because"]) == ("system", standing["because"])
    bounced = [
        figure
        for window in entry["detail"]["figures"]["figures"]
        for figure in window["figures"]
        if (window["window"], figure["measure"]) == ("1m", "bounced")
    ]
    assert bounced == [
        {"measure": "bounced", "value": 1.0, "sample": 30, "limit": 0.1, "baseline": None, "result": "fail"}
    ]
    (told,) = await landed(kafka_bootstrap, RegionPaused.topic, name)
    assert RegionPaused.model_validate_json(told).because == standing["because"]

    more = {"region": name, **RAMP, "percent": 5_000}
    raising = await rollout.call("POST", "/v1/changes", more)
    for verb, role in (("submit", "release_manager"), ("approve", "approver"), ("apply", "release_manager")):
        path, seen = f"/v1/changes/{raising.json['id']}/{verb}", raising.headers["ETag"]
        answer = await rollout.call("POST", path, if_match=seen, **bearer(role))
        raising = answer if answer.status == 200 else raising
    assert (answer.status, answer.problem) == (409, "region-paused")

    resumed = await resume(rollout, name)
    assert (resumed.status, resumed.json["ended_by"], resumed.json["id"]) == (
        200, "some-release_manager", standing["id"],
    )  # fmt: skip
    again = (await guard(rollout, name)).json
    assert (again["result"], again["pause"], again["evidence_since"]) == ("hold", None, resumed.json["ended_at"])
    path = f"/v1/changes/{raising.json['id']}/apply"
    assert (await rollout.call("POST", path, if_match=raising.headers["ETag"])).status == 200
    await wait_for_rounds(rollout, name)
    assert not await is_paused(rollout, name)
    (told,) = await landed(kafka_bootstrap, RegionResumed.topic, name)
    assert str(RegionResumed.model_validate_json(told).pause_id) == standing["id"]

    await publish(kafka_bootstrap, told_of(name, Outcome.BOUNCED, 30, timedelta(0)))
    await wait_until(lambda: is_paused(rollout, name), 30)
    head = Head(**(await rollout.call("GET", "/v1/audit/head")).json)
    page = (await rollout.call("GET", "/v1/audit?limit=500")).json["entries"]
    entries = [AuditEntry(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in page]
    assert first_broken(entries[: head.number], head) is None


async def wait_for_rounds(rollout: Rollout, name: str) -> None:
    """Until another region, which fails now, was paused: every region was looked at by then."""
    other = f"{name}x"
    await rollout.create(other, RAMP)
    await publish(rollout_kafka(rollout), told_of(other, Outcome.BOUNCED, 30, timedelta(seconds=10)))
    await wait_until(lambda: is_paused(rollout, other), 30)


def rollout_kafka(rollout: Rollout) -> str:
    return str(rollout.process.environment()["GATEPOST_KAFKA"])


async def test_a_person_pauses_and_resumes_at_once_and_twice_is_once(rollout: Rollout, name: str) -> None:
    assert (await pause(rollout, name)).problem == "unknown-region"
    assert (await resume(rollout, name)).problem == "unknown-region"
    assert (await guard(rollout, name)).problem == "unknown-region"
    await rollout.create(name)
    assert (await resume(rollout, name)).problem == "not-paused"
    first, second = await pause(rollout, name), await pause(rollout, name, "admin")
    assert (first.status, second.status) == (201, 200)
    assert first.json == second.json
    assert (first.json["by"], first.json["because"], first.json["figures"]) == (
        "some-approver",
        BECAUSE["reason"],
        None,
    )
    assert (await guard(rollout, name)).json["pause"] == first.json
    assert [answer.status for answer in (await resume(rollout, name), await resume(rollout, name))] == [200, 409]


async def test_the_public_schedule_says_nothing_of_a_pause(rollout: Rollout, name: str) -> None:
    await rollout.create(name, RAMP)
    before = (await rollout.call("GET", "/v1/schedule")).text
    await pause(rollout, name)
    assert (await rollout.call("GET", "/v1/schedule")).text == before


async def test_what_the_metrics_show_of_a_paused_region(rollout: Rollout, name: str) -> None:
    await rollout.create(name, RAMP)
    await pause(rollout, name)

    async def shown() -> bool:
        lines = (await rollout.call("GET", "/metrics")).text.splitlines()
        return any(name in line and "region_paused" in line and line.endswith(" 1.0") for line in lines) and any(
            name in line and "region_verdict" in line and 'result="hold"' in line and line.endswith(" 1.0")
            for line in lines
        )

    await wait_until(shown, 15)


async def test_without_kafka_everything_holds_and_nothing_is_paused(
    postgres_url: str, own_kafka: EmbeddedKafka, server_directory: Path, name: str
) -> None:
    async with rollout_on(postgres_url, own_kafka.bootstrap, server_directory / "logs", SOON) as rollout:
        await rollout.create(name, RAMP)
        await publish(own_kafka.bootstrap, told_of(name, Outcome.DELIVERED, 100, timedelta(minutes=10)))
        await says(rollout, name, "pass")
        await asyncio.to_thread(own_kafka.stop)
        try:
            await says(rollout, name, "hold", 40)
            answer = (await guard(rollout, name)).json
            assert answer["because"].startswith("nothing was heard from Kafka for")
            assert (answer["windows"], answer["pause"]) == ([], None)
        finally:
            await asyncio.to_thread(own_kafka.start)
        await says(rollout, name, "pass", 40)


async def test_an_instance_that_never_heard_kafka_says_nothing(
    postgres_url: str, own_kafka: EmbeddedKafka, server_directory: Path, name: str
) -> None:
    async with rollout_on(postgres_url, own_kafka.bootstrap, server_directory / "logs", SOON) as rollout:
        await rollout.create(name, RAMP)
        await asyncio.to_thread(rollout.process.stop)
        await asyncio.to_thread(own_kafka.stop)
        try:
            await asyncio.to_thread(rollout.process.start, wait=False)
            await wait_until(lambda: alive(rollout), 30)
            answer = await guard(rollout, name)
            assert (answer.status, answer.problem) == (503, "temporarily-unavailable")
        finally:
            await asyncio.to_thread(own_kafka.start)


async def alive(rollout: Rollout) -> bool:
    try:
        return (await rollout.call("GET", "/livez")).status == 200
    except OSError:
        return False
