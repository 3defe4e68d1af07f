"""The OTP service on a real Kafka and a real Valkey: events in, events and internal HTTP out."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
import redis.asyncio
from pydantic import SecretStr

from deploy.local.ports import free_port
from deploy.local.valkey import Valkey
from services.auth.adapters.otp_client import OtpClient
from services.auth.use_cases.verify_challenge import TooManyAttempts
from services.otp.adapters.redis_keys import challenge_keys
from services.otp.app import build
from services.otp.domain.challenge import ChallengeRef
from shared.events import Event, LoginChallenged, Outcome, PasscodeIssued
from shared.topics import dead_letters_of
from tests.integration.otp.instances import Instances, running, wrong_for
from tests.integration.otp.settings import AS_AUTH, CLIENT, CREDENTIAL, NO_KAFKA, otp_settings
from tests.integration.shared.bad_input import JSON, NO_CODE, TYPED_CODE, answers, bad_bodies
from tests.integration.shared.kafka_kit import Cluster
from tests.integration.shared.served import ready, served
from tests.redis_servers import ask, valkey_at
from tests.unit.auth.samples import challenge
from tests.unit.shared.samples import email_outcome
from tests.wait_until import wait_until


@pytest.fixture(scope="module")
async def otp(kafka_bootstrap: str, valkey: Valkey) -> AsyncIterator[Instances]:
    """One of them."""
    async with running(otp_settings(kafka_bootstrap, valkey.url)) as otp:
        yield otp


async def test_a_challenge_gets_a_code_and_the_code_is_right_once(otp: Instances) -> None:
    event = await otp.challenged()
    code = await otp.code_of(event)

    assert await otp.verify(event, code) == (200, {"verdict": "verified", "attempts_remaining": 4, "retry_at": None})
    assert await otp.verify(event, code) == (200, {"verdict": "used", "attempts_remaining": 0, "retry_at": None})


async def test_wrong_codes_are_counted_and_then_locked(otp: Instances) -> None:
    event = await otp.challenged()
    code = await otp.code_of(event)
    verdicts = [(await otp.verify(event, wrong_for(code)))[1]["verdict"] for _ in range(6)]

    assert verdicts == ["wrong"] * 5 + ["locked"]
    assert (await otp.status(event))[1]["state"] == "locked"


async def test_an_account_without_guesses_left_is_refused_until_a_moment_that_auth_is_told(otp: Instances) -> None:
    account_id = uuid4()
    events = [await otp.challenged(account_id=account_id) for _ in range(4)]
    code = await otp.code_of(events[3])
    for event in events[:3]:
        wrong = wrong_for(await otp.code_of(event))
        assert [(await otp.verify(event, wrong))[1]["verdict"] for _ in range(5)] == ["wrong"] * 5
    auth = OtpClient(otp.urls[0], SecretStr(CREDENTIAL), 1)
    await auth.open()
    refusal = await auth.judge(challenge(id=events[3].challenge_id, account_id=account_id, client_hash=CLIENT), code)
    await auth.close()

    assert isinstance(refusal, TooManyAttempts)
    assert refusal.retry_at is not None
    assert timedelta(hours=23) < refusal.retry_at - datetime.now(UTC) <= timedelta(hours=24)
    assert (await otp.status(events[3]))[1]["attempts_remaining"] == 0


async def test_a_hundred_verifications_at_once_are_one_success(otp: Instances) -> None:
    event = await otp.challenged()
    code = await otp.code_of(event)
    verdicts = [answer["verdict"] for _, answer in await asyncio.gather(*(otp.verify(event, code) for _ in range(100)))]

    assert sorted(verdicts) == ["used"] * 99 + ["verified"]


async def test_the_same_challenge_delivered_twice_has_one_code_and_one_message(otp: Instances) -> None:
    event = await otp.challenged()
    await otp.publish(event)
    await wait_until(lambda: len(otp.issued_for(event)) == 2)
    one, other = otp.issued_for(event)

    assert (one.message_id, otp.code_in(one)) == (other.message_id, otp.code_in(other))


async def test_an_expired_challenge_gets_no_code(otp: Instances) -> None:
    over = await otp.challenged(timedelta(seconds=-1))
    await otp.code_of(await otp.challenged(account_id=over.account_id))  # behind it in the same partition

    assert otp.issued_for(over) == []
    assert (await otp.status(over))[0] == 404


async def test_where_a_challenge_stands_and_what_became_of_its_mail(otp: Instances) -> None:
    event = await otp.challenged()
    await otp.code_of(event)
    (issued,) = otp.issued_for(event)
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    for outcome in (Outcome.DELIVERED, Outcome.ACCEPTED):  # out of order
        await otp.publish(
            email_outcome(
                message_id=issued.message_id,
                account_id=event.account_id,
                challenge_id=event.challenge_id,
                outcome=outcome,
                at=at,
            )
        )

    async def delivered() -> bool:
        return bool((await otp.status(event))[1]["delivery"]["state"] == "delivered")

    await wait_until(delivered)
    status, shown = await otp.status(event)
    assert (status, shown["state"], shown["attempts_remaining"]) == (200, "open", 5)
    assert datetime.fromisoformat(shown["delivery"]["at"]) == at
    assert abs(datetime.fromisoformat(shown["expires_at"]) - event.expires_at) < timedelta(milliseconds=1)


async def test_a_challenge_that_nobody_knows_is_404(otp: Instances) -> None:
    async with otp.session.get(
        f"{otp.urls[0]}/internal/v1/accounts/{uuid4()}/challenges/{uuid4()}", headers=AS_AUTH
    ) as response:
        assert response.status == 404
        assert (await response.json(content_type=None))["type"] == "urn:gatepost:problem:not-issued-yet"


async def test_a_code_is_readable_in_no_topic_and_nowhere_in_redis(
    otp: Instances, cluster: Cluster, valkey: Valkey
) -> None:
    event = await otp.challenged()
    code = await otp.code_of(event)
    for topic in (PasscodeIssued.topic, LoginChallenged.topic, dead_letters_of(LoginChallenged.topic)):
        for record in await cluster.read(topic):
            if str(event.challenge_id).encode() in (record.value or b""):
                assert code.encode() not in record.value
                assert code.encode() not in b"".join(value for _, value in record.headers)
    client = redis.asyncio.Redis.from_url(valkey.url)
    fields: Any = await client.hgetall(challenge_keys(ChallengeRef(event.account_id, event.challenge_id))[0])
    await client.aclose()
    assert fields
    assert all(code.encode() not in value for value in fields.values())


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer nobody"}, 401),
        ({"Authorization": "Basic " + CREDENTIAL}, 401),
        ({"Authorization": "Bearer \xff\xfe"}, 401),
        ({"Authorization": "Bearer of-kim"}, 403),
    ],
    ids=str,
)
async def test_only_auth_may_ask(otp: Instances, header: dict[str, str], status: int) -> None:
    event = await otp.challenged()
    code = await otp.code_of(event)
    for method, url in (("POST", f"{otp.url_of(event)}/verify"), ("GET", otp.url_of(event))):
        body = {"code": code, "client_hash": CLIENT} if method == "POST" else None
        async with otp.session.request(method, url, json=body, headers=header) as response:
            assert response.status == status
            assert response.content_type == "application/problem+json"
    assert (await otp.verify(event, code))[1]["verdict"] == "verified"  # no attempt was used up


async def test_bad_input_is_refused_and_uses_up_no_attempt(otp: Instances) -> None:
    event = await otp.challenged()
    code = await otp.code_of(event)
    good = {"code": "123456", "client_hash": CLIENT}
    any_text = (b'"client_hash": ""', b'"client_hash": "a\\u0000b"', b'"client_hash": "a\\nb"')
    bodies = (body for body in bad_bodies(good) if not any(text in body for text in any_text))

    assert await answers(otp.session, "POST", f"{otp.url_of(event)}/verify", iter(bodies), AS_AUTH) == {}
    assert (await otp.verify(event, code))[1] == {"verdict": "verified", "attempts_remaining": 4, "retry_at": None}


@pytest.mark.parametrize("typed", [*NO_CODE, *TYPED_CODE])
async def test_what_is_no_code_is_422(otp: Instances, typed: str) -> None:
    body = f'{{"code": {typed}, "client_hash": "{CLIENT}"}}'.encode()
    url = f"{otp.urls[0]}/internal/v1/accounts/{uuid4()}/challenges/{uuid4()}/verify"
    async with otp.session.post(url, data=body, headers={**JSON, **AS_AUTH}) as response:
        assert response.status == 422


@pytest.mark.parametrize("odd", ["x", "%00", "%ff", "..", "{}", "%F0%9F%94%91", "0" * 3000, str(UUID(int=0)) + "%0a"])
async def test_ids_that_are_none_are_client_errors(otp: Instances, odd: str) -> None:
    for path in (
        f"/internal/v1/accounts/{odd}/challenges/{uuid4()}",
        f"/internal/v1/accounts/{uuid4()}/challenges/{odd}",
    ):
        for method, suffix in (("GET", ""), ("POST", "/verify")):
            assert await answers(otp.session, method, otp.urls[0] + path + suffix, iter([b"{}"]), AS_AUTH) == {}


async def test_while_redis_is_away_it_is_503_and_all_recovers_by_itself(server_directory: Path, otp: Instances) -> None:
    server = Valkey(server_directory / "redis-otp", free_port(), server_directory / "logs" / "redis-otp")
    async with served(build(otp_settings(NO_KAFKA, server.url))) as url:
        own, session = replace(otp, urls=[url]), otp.session
        assert not await ready(session, url, "?exclude=kafka")
        event = await otp.challenged()
        status, answer = await own.verify(event, "123456")
        assert (status, answer["dependency"]) == (503, "redis")
        async with session.get(own.url_of(event), headers=AS_AUTH) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "2")
        async with session.get(f"{own.url_of(event)}/events", headers=AS_AUTH) as response:
            assert response.status == 503
        await asyncio.to_thread(server.start)
        await wait_until(lambda: ready(session, url, "?exclude=kafka"))
        assert (await own.verify(event, "123456"))[1]["verdict"] == "not-issued"
        async with session.get(f"{own.url_of(event)}/events", headers=AS_AUTH) as response:
            assert await response.content.readline() == b"null\n"
            await asyncio.to_thread(server.stop)
            assert await asyncio.wait_for(response.content.read(), 15) == b""  # ended, and properly
        await asyncio.to_thread(server.start)
        assert not await ready(session, url)  # Kafka is not there, and it says so
    await asyncio.to_thread(server.close)


@pytest.mark.parametrize(
    ("setting", "unfit", "fit"), [("maxmemory-policy", "allkeys-lru", "noeviction"), ("appendonly", "no", "yes")]
)
async def test_it_is_not_ready_on_a_redis_that_would_evict_or_forget_its_counts(
    server_directory: Path, setting: str, unfit: str, fit: str
) -> None:
    async with (
        valkey_at(server_directory / f"otp-{setting}", **{setting: unfit}) as server,
        aiohttp.ClientSession() as session,
        served(build(otp_settings(NO_KAFKA, server.url))) as url,
        session.get(f"{url}/readyz?exclude=kafka") as response,
    ):
        assert (response.status, (await response.json())["checks"]) == (503, {"redis": "failing"})
        await ask(server, "CONFIG", "SET", setting, fit)
        await wait_until(lambda: ready(session, url, "?exclude=kafka"))


async def test_poison_on_its_topic_stops_nobody(otp: Instances, cluster: Cluster) -> None:
    await cluster.write(LoginChallenged.topic, (b"k", [("ce_type", b"\xff")], b"\x00 garbage"), (b"k", [], None))
    events: list[Event] = [await otp.challenged() for _ in range(8)]  # over all partitions

    for event in events:
        assert isinstance(event, LoginChallenged)
        assert len(await otp.code_of(event)) == 6


async def test_its_description_is_json(otp: Instances) -> None:
    async with otp.session.get(f"{otp.urls[0]}/openapi.json") as response:
        assert (
            "/internal/v1/accounts/{account_id}/challenges/{challenge_id}/verify"
            in json.loads(await response.text())["paths"]
        )
