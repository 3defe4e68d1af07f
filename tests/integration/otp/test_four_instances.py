"""Several instances of the OTP service on one Redis: what holds for a challenge holds for all of them together."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from deploy.local.valkey import Valkey
from services.otp.app import build
from shared.events import ChallengeClosed, EmailOutcome, LoginChallenged, Outcome, PasscodeIssued
from shared.kafka import EventBus
from shared.redis import MAX_CONNECTIONS
from tests.integration.otp.test_otp_service import AS_AUTH, CLIENT, Otp, otp_settings, ready
from tests.integration.shared.kafka_kit import Cluster
from tests.integration.shared.served import served
from tests.unit.shared.samples import login_challenged
from tests.wait_until import wait_until

INSTANCES = 4


class Instances:
    """Each call goes to the next one."""

    def __init__(self, each: list[Otp], closed: list[ChallengeClosed]) -> None:
        self.each = each
        self.closed = closed
        self._turns = cycle(each)

    @property
    def next(self) -> Otp:
        return next(self._turns)

    async def resend(self, event: LoginChallenged) -> dict[str, Any]:
        body = {"client_hash": CLIENT, "address": "seal-1.AAAA", "locale": "de", "region": "emea", "purpose": "login"}
        one = self.next
        async with one.session.post(f"{one.at(event)}/resend", json=body, headers=AS_AUTH) as response:
            assert response.status == 200
            answer: dict[str, Any] = await response.json()
            return answer

    def ends_of(self, event: LoginChallenged) -> list[tuple[str, int | None]]:
        return [(each.end, each.attempts) for each in self.closed if each.challenge_id == event.challenge_id]


@pytest.fixture(scope="module")
async def instances(kafka_bootstrap: str, kafka_kind: str, valkey: Valkey) -> AsyncIterator[Instances]:
    issued: list[PasscodeIssued] = []
    closed: list[ChallengeClosed] = []

    async def keep(event: PasscodeIssued) -> None:
        issued.append(event)

    async def keep_end(event: ChallengeClosed) -> None:
        closed.append(event)

    settings = otp_settings(kafka_bootstrap, valkey.url)
    # A cap of mails would refuse some of what is asked for here at once.
    settings = settings.model_copy(update={"live_challenges": 100, "resend_cooldown_s": 1})
    bus = EventBus(f"reader-{uuid4()}", settings)
    bus.consume(PasscodeIssued, keep)
    bus.consume(ChallengeClosed, keep_end)
    bus.start()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        urls = [await stack.enter_async_context(served(build(settings))) for _ in range(INSTANCES)]
        for url in urls:
            await wait_until(lambda url=url: ready(session, url), 30)  # type: ignore[misc]
        await wait_until(bus.healthy, 20)
        cluster = Cluster(kafka_bootstrap, kafka_kind)
        yield Instances([Otp(url, session, bus, cluster, issued) for url in urls], closed)
    await bus.stop()


def wrong_for(code: str) -> str:
    return "000000" if code != "000000" else "000001"


@pytest.mark.parametrize(("right", "wrong"), [(200, 0), (0, 200), (100, 100), (10, 190)])
async def test_of_200_codes_at_once_one_is_verified_and_five_are_looked_at(
    instances: Instances, right: int, wrong: int
) -> None:
    event = await instances.next.challenged()
    code = await instances.next.code_of(event)
    typed = [code] * right + [wrong_for(code)] * wrong
    Random(7).shuffle(typed)
    answers = await asyncio.gather(*(instances.next.verify(event, each) for each in typed))
    verdicts = Counter(answer["verdict"] for _, answer in answers)

    assert verdicts["verified"] <= 1
    assert verdicts["wrong"] <= 5
    assert verdicts["verified"] == 1 or verdicts["wrong"] == 5
    assert sum(verdicts[each] for each in ("verified", "wrong", "used", "locked")) == 200


async def test_of_200_wrong_codes_for_20_challenges_of_an_account_15_are_looked_at(instances: Instances) -> None:
    account_id = uuid4()
    events = [await instances.next.challenged(account_id=account_id) for _ in range(20)]
    codes = [await instances.next.code_of(event) for event in events]
    typed = [(event, wrong_for(code)) for event, code in zip(events, codes, strict=True)] * 10
    calls = (instances.next.verify(event, code) for event, code in typed)
    verdicts = Counter(answer["verdict"] for _, answer in await asyncio.gather(*calls))

    assert verdicts["wrong"] == 15
    assert verdicts["verified"] == 0


async def test_a_crowd_at_one_instance_keeps_nobody_from_a_verdict(instances: Instances) -> None:
    """More of them than a client has connections to Redis."""
    one = instances.next
    event, innocent = await one.challenged(), await one.challenged()
    code, right = await one.code_of(event), await one.code_of(innocent)
    crowd = [one.verify(event, wrong_for(code)) for _ in range(3 * MAX_CONNECTIONS)]
    *answers, (status, answer) = await asyncio.gather(*crowd, one.verify(innocent, right))

    assert Counter(status for status, _ in answers) == {200: 3 * MAX_CONNECTIONS}
    assert (status, answer["verdict"]) == (200, "verified")


async def test_the_first_mail_comes_late_and_its_code_still_works(instances: Instances) -> None:
    event = await instances.next.challenged()
    code = await instances.next.code_of(event)
    too_soon = await instances.resend(event)
    await wait_until(lambda: datetime.now(UTC) >= datetime.fromisoformat(too_soon["retry_at"]))
    sent = await instances.resend(event)
    issued = instances.next.issued_for
    await wait_until(lambda: len(issued(event)) == 2)
    first, second = issued(event)

    assert (too_soon["result"], sent["result"]) == ("too-soon", "sent")
    assert first.message_id != second.message_id
    assert abs(first.expires_at - second.expires_at) < timedelta(milliseconds=1)  # as Redis keeps it
    assert (await instances.next.verify(event, code))[1]["verdict"] == "verified"


@pytest.mark.parametrize("end", ["verified", "locked", "expired"])
async def test_the_end_of_a_challenge_is_told_once(instances: Instances, end: str) -> None:
    event = await instances.next.challenged(timedelta(seconds=1.5 if end == "expired" else 600))
    code = await instances.next.code_of(event)
    if end == "verified":
        await instances.next.verify(event, code)
    for _ in range(5 if end == "locked" else 1 if end == "expired" else 0):
        await instances.next.verify(event, wrong_for(code))
    await wait_until(lambda: bool(instances.ends_of(event)), 20)

    assert instances.ends_of(event) == [(end, 5 if end == "locked" else 1)]


async def lines(one: Otp, event: LoginChallenged, kept: list[Any]) -> None:
    """What an open stream says, until it ends."""
    async with one.session.get(f"{one.at(event)}/events", headers=AS_AUTH) as response:
        assert response.status == 200
        async for line in response.content:
            kept += [json.loads(line)] if line.strip() else []


async def test_who_waits_hears_of_everything_whichever_instance_it_happened_on(instances: Instances) -> None:
    event = LoginChallenged(
        challenge_id=uuid4(), account_id=uuid4(), address="seal-1.AAAA", locale="de", region="emea", policy_version=1,
        purpose="login", product="editor", client_hash=CLIENT, expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )  # fmt: skip
    heard: list[list[Any]] = [[] for _ in instances.each]
    streams = [asyncio.create_task(lines(one, event, kept)) for one, kept in zip(instances.each, heard, strict=True)]
    await wait_until(lambda: all(kept == [None] for kept in heard))
    await instances.next.challenged(challenge_id=event.challenge_id, account_id=event.account_id)
    code = await instances.next.code_of(event)
    (issued,) = instances.next.issued_for(event)
    at = datetime.now(UTC).replace(microsecond=0)
    outcome = EmailOutcome(
        message_id=issued.message_id, account_id=event.account_id, challenge_id=event.challenge_id, region="emea",
        provider="sendgrid", outcome=Outcome.DELIVERED, attempt=1, at=at,
    )  # fmt: skip
    await instances.next.bus.publisher.publish(outcome)
    await wait_until(lambda: all(kept[-1] and kept[-1]["delivery"]["state"] == "delivered" for kept in heard))
    await instances.next.verify(event, wrong_for(code))
    await wait_until(lambda: all(kept[-1]["attempts_remaining"] == 4 for kept in heard))
    await instances.next.verify(event, code)
    await asyncio.wait_for(asyncio.gather(*streams), 5)  # each ends by itself

    for kept in heard:
        assert [each and each["state"] for each in kept][:2] == [None, "open"]
        assert kept[-1]["state"] == "verified"
        assert [each["state"] for each in kept[1:]].count("verified") == 1


async def test_a_stream_ends_as_the_challenge_expires(instances: Instances) -> None:
    event = await instances.next.challenged(timedelta(seconds=2))
    await instances.next.code_of(event)
    kept: list[Any] = []
    await asyncio.wait_for(lines(instances.next, event, kept), 10)

    assert [each["state"] for each in kept] == ["open", "expired"]
    assert datetime.now(UTC) >= event.expires_at


async def test_a_stream_ends_when_its_instance_stops(kafka_bootstrap: str, valkey: Valkey) -> None:
    app = build(otp_settings(kafka_bootstrap, valkey.url))
    kept: list[Any] = []
    async with aiohttp.ClientSession() as session, served(app) as url:
        await wait_until(lambda: ready(session, url, "?exclude=kafka"), 20)
        one, event = Otp(url, session, None, None, []), login_challenged(challenge_id=uuid4())  # type: ignore[arg-type]
        stream = asyncio.create_task(lines(one, event, kept))
        await wait_until(lambda: kept == [None])
        app.state.health.stopping.set()
        await asyncio.wait_for(stream, 2)
