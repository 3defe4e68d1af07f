"""Several instances of the OTP service on one Redis: what holds for a challenge holds for all of them together."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.valkey import Valkey
from services.otp.app import build
from shared.events import Outcome
from shared.redis import MAX_CONNECTIONS
from tests.integration.otp.ends import told, untold
from tests.integration.otp.instances import Instances, new_challenge, running, wrong_for
from tests.integration.otp.settings import LIFE, otp_settings
from tests.integration.shared.kafka_kit import Cluster
from tests.integration.shared.served import ready, served
from tests.unit.shared.samples import email_outcome
from tests.wait_until import wait_until

INSTANCES = 4


@pytest.fixture(scope="module")
async def instances(groups_of_several: None, kafka_bootstrap: str, valkey: Valkey) -> AsyncIterator[Instances]:
    # A cap of mails would refuse some of what is asked for here at once.
    settings = otp_settings(kafka_bootstrap, valkey.url, live_challenges=100, resend_cooldown_s=1)
    async with running(*[settings] * INSTANCES) as instances:
        yield instances


@pytest.mark.parametrize(("right", "wrong"), [(200, 0), (0, 200), (100, 100), (10, 190)])
async def test_of_200_codes_at_once_one_is_verified_and_five_are_looked_at(
    instances: Instances, right: int, wrong: int
) -> None:
    event, code = await instances.with_code()
    typed = [code] * right + [wrong_for(code)] * wrong
    Random(7).shuffle(typed)
    answers = await asyncio.gather(*(instances.verify(event, each) for each in typed))
    verdicts = Counter(answer["verdict"] for _, answer in answers)

    assert verdicts["verified"] <= 1
    assert verdicts["wrong"] <= 5
    assert verdicts["verified"] == 1 or verdicts["wrong"] == 5
    assert sum(verdicts[each] for each in ("verified", "wrong", "used", "locked")) == 200


async def test_of_200_wrong_codes_for_20_challenges_of_an_account_15_are_looked_at(instances: Instances) -> None:
    account_id = uuid4()
    events = [await instances.challenged(account_id=account_id) for _ in range(20)]
    codes = [await instances.code_of(event) for event in events]
    typed = [(event, wrong_for(code)) for event, code in zip(events, codes, strict=True)] * 10
    calls = (instances.verify(event, code) for event, code in typed)
    verdicts = Counter(answer["verdict"] for _, answer in await asyncio.gather(*calls))

    assert verdicts["wrong"] == 15
    assert verdicts["verified"] == 0


async def test_a_crowd_at_one_instance_keeps_nobody_from_a_verdict(instances: Instances) -> None:
    """More of them than a client has connections to Redis."""
    (event, code), (innocent, right) = await instances.with_code(), await instances.with_code()
    crowd = [instances.verify(event, wrong_for(code), at=0) for _ in range(3 * MAX_CONNECTIONS)]
    *answers, (status, answer) = await asyncio.gather(*crowd, instances.verify(innocent, right, at=0))

    assert Counter(status for status, _ in answers) == {200: 3 * MAX_CONNECTIONS}
    assert (status, answer["verdict"]) == (200, "verified")


async def test_the_first_mail_comes_late_and_its_code_still_works(instances: Instances) -> None:
    event, code = await instances.with_code()
    _, too_soon = await instances.resend(event)
    await wait_until(lambda: datetime.now(UTC) >= datetime.fromisoformat(too_soon["retry_at"]))
    _, sent = await instances.resend(event)
    await wait_until(lambda: len(instances.issued_for(event)) == 2)
    first, second = instances.issued_for(event)

    assert (too_soon["result"], sent["result"]) == ("too-soon", "sent")
    assert first.message_id != second.message_id
    assert abs(first.expires_at - second.expires_at) < timedelta(milliseconds=1)  # as Redis keeps it
    assert (await instances.verify(event, code))[1]["verdict"] == "verified"


async def test_the_end_of_a_challenge_is_told_once(instances: Instances, valkey: Valkey, cluster: Cluster) -> None:
    (expired, late), (used, code), (guessed, other) = [
        await instances.with_code(life) for life in (timedelta(seconds=1.5), LIFE, LIFE)
    ]
    for event, typed in [(expired, wrong_for(late)), (used, code), *[(guessed, wrong_for(other))] * 5]:
        await instances.verify(event, typed)

    async def nobody_will_tell_again() -> bool:
        return not any([await untold(valkey, event) for event in (expired, used, guessed)])

    await wait_until(nobody_will_tell_again, 20)
    assert await told(cluster, expired) == [("expired", 1)]
    assert await told(cluster, used) == [("verified", 1)]
    assert await told(cluster, guessed) == [("locked", 5)]


async def test_who_waits_hears_of_everything_whichever_instance_it_happened_on(instances: Instances) -> None:
    event = new_challenge()
    heard: list[list[Any]] = [[] for _ in instances.urls]
    streams = [asyncio.create_task(instances.follow(event, kept, at)) for at, kept in enumerate(heard)]
    await wait_until(lambda: all(kept == [None] for kept in heard))
    await instances.publish(event)
    code = await instances.code_of(event)
    (issued,) = instances.issued_for(event)
    outcome = email_outcome(
        message_id=issued.message_id,
        account_id=event.account_id,
        challenge_id=event.challenge_id,
        outcome=Outcome.DELIVERED,
    )
    await instances.publish(outcome)
    await wait_until(lambda: all(kept[-1] and kept[-1]["delivery"]["state"] == "delivered" for kept in heard))
    await instances.verify(event, wrong_for(code))
    await wait_until(lambda: all(kept[-1]["attempts_remaining"] == 4 for kept in heard))
    await instances.verify(event, code)
    await asyncio.wait_for(asyncio.gather(*streams), 5)  # each ends by itself

    for kept in heard:
        assert [each and each["state"] for each in kept][:2] == [None, "open"]
        assert kept[-1]["state"] == "verified"
        assert [each["state"] for each in kept[1:]].count("verified") == 1


async def test_a_stream_ends_as_the_challenge_expires(instances: Instances) -> None:
    event, _ = await instances.with_code(timedelta(seconds=2))
    kept: list[Any] = []
    await asyncio.wait_for(instances.follow(event, kept), 10)

    assert [each["state"] for each in kept] == ["open", "expired"]
    assert datetime.now(UTC) >= event.expires_at


async def test_a_stream_ends_when_its_instance_stops(
    instances: Instances, kafka_bootstrap: str, valkey: Valkey
) -> None:
    app = build(otp_settings(kafka_bootstrap, valkey.url))
    kept: list[Any] = []
    async with served(app) as url:
        await wait_until(lambda: ready(instances.session, url, "?exclude=kafka"), 20)
        stream = asyncio.create_task(replace(instances, urls=[url]).follow(new_challenge(), kept))
        await wait_until(lambda: kept == [None])
        app.state.health.stopping.set()
        await asyncio.wait_for(stream, 2)
