"""A challenge is followed as it changes, over HTTP, beside an OTP service that says what the test tells it to."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.auth.api.challenge_events import OpenStreams
from services.auth.domain.factor import Method
from tests.integration.auth.beside_stand_in import BesideStandIn, beside_stand_in, next_event
from tests.integration.auth.otp_stand_in import OPEN
from tests.integration.auth.test_sign_in import problem_name
from tests.wait_until import wait_until

MOST = 3
DELIVERED = OPEN | {"delivery": {"state": "delivered", "at": "2026-11-24T09:00:04Z"}}


@pytest.fixture
async def beside(kafka_bootstrap: str, database: str, tmp_path: Path) -> AsyncIterator[BesideStandIn]:
    async with beside_stand_in(kafka_bootstrap, database, tmp_path / "policy.json", most_event_streams=MOST) as made:
        yield made


async def test_each_change_is_pushed_as_it_comes_until_the_challenge_is_over(beside: BesideStandIn) -> None:
    beside.otp.lines = [None]
    async with beside.events(await beside.challenge()) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert (response.headers["Cache-Control"], response.headers["X-Accel-Buffering"]) == ("no-store", "no")
        first = await next_event(response)
        assert (first["event"], first["data"]["state"], first["data"]["attempts_remaining"]) == (
            "progress",
            "pending",
            None,
        )
        assert 1_000 <= int(first["retry"]) <= 2_000
        beside.otp.keep_alive()
        assert await next_event(response) == {"": "ping"}
        for line in (OPEN, DELIVERED):
            told = time.monotonic()
            beside.otp.tell(line)
            assert (await next_event(response))["data"] == line
            assert time.monotonic() - told < 0.1
        beside.otp.tell(DELIVERED | {"state": "verified"})
        assert (await next_event(response))["data"]["state"] == "verified"
        assert await next_event(response) == {}
    await wait_until(lambda: not beside.otp.streams)


async def test_who_has_an_app_waits_for_nothing_and_may(beside: BesideStandIn) -> None:
    beside.otp.lines = [None]
    async with beside.events(await beside.challenge(methods=(Method.TOTP,))) as response:
        assert (await next_event(response))["data"]["state"] == "pending"


async def test_when_the_otp_service_is_lost_the_stream_ends_and_before_it_is_503(beside: BesideStandIn) -> None:
    made = await beside.challenge()
    async with beside.events(made) as response:
        await next_event(response)
        beside.otp.end_streams()
        assert await next_event(response) == {}
    beside.otp.down = True
    async with beside.events(made) as response:
        body = await response.json(content_type=None)
        assert (response.status, response.content_type) == (503, "application/problem+json")
        assert body["dependency"] == "otp"


@pytest.mark.parametrize("lines", [[OPEN, "nonsense"], [OPEN, {"state": "open"}]])
async def test_a_line_that_cannot_be_read_ends_the_stream(beside: BesideStandIn, lines: list[object]) -> None:
    beside.otp.lines = lines
    async with beside.events(await beside.challenge()) as response:
        assert (await next_event(response))["data"] == OPEN
        assert await next_event(response) == {}


async def test_a_challenge_that_is_over_or_not_ones_own_is_410_and_without_a_token_it_is_401(
    beside: BesideStandIn,
) -> None:
    made, now = await beside.challenge(), datetime.now(UTC)
    expired = await beside.challenge(issued_at=now - timedelta(minutes=11), expires_at=now - timedelta(minutes=1))
    for asked, reason in ((expired, "expired"), (made | {"challenge_id": str(uuid4())}, "unknown")):
        async with beside.events(asked) as response:
            body = await response.json(content_type=None)
            assert (response.status, problem_name(body), body["reason"]) == (410, "challenge-closed", reason)
    status, body, headers = await beside.auth.get(f"/v1/challenges/{made['challenge_id']}/events")
    assert (status, problem_name(body), headers["WWW-Authenticate"]) == (401, "challenge-token-needed", "Challenge")
    assert not beside.otp.streams


async def test_a_reader_who_hangs_up_gives_everything_back(beside: BesideStandIn) -> None:
    """More often than there may be streams at once."""
    made = await beside.challenge()
    for _ in range(MOST + 2):
        async with beside.events(made) as response:
            assert (await next_event(response))["data"] == OPEN
            assert len(beside.otp.streams) == 1
            response.close()
        await wait_until(lambda: not beside.otp.streams)


async def test_more_streams_than_there_may_be_are_503_and_codes_are_judged_all_the_same(beside: BesideStandIn) -> None:
    made = await beside.challenge()
    beside.otp.judgement = {"verdict": "wrong", "attempts_remaining": 3}
    opened = [beside.events(made) for _ in range(MOST)]
    responses = [await each.__aenter__() for each in opened]
    for response in responses:
        await next_event(response)
    async with beside.events(made) as refused:
        assert (refused.status, refused.content_type) == (503, "application/problem+json")
        assert int(refused.headers["Retry-After"]) > 0
    assert (await beside.auth.verify(made, "123456"))[0] == 401
    for each in opened:
        await each.__aexit__(None, None, None)


async def test_one_password_does_not_take_all_streams_however_often_somebody_signs_in_with_it(
    kafka_bootstrap: str, database: str, tmp_path: Path
) -> None:
    """With an app there is no mail, and so no cap on challenges."""
    few, account_id = OpenStreams.OF_ONE_ACCOUNT, uuid4()
    snapshot = tmp_path / "policy.json"
    async with (
        beside_stand_in(kafka_bootstrap, database, snapshot, most_event_streams=few + 1) as beside,
        AsyncExitStack() as stack,
    ):
        beside.otp.lines = [None]
        for _ in range(few):
            made = await beside.challenge(account_id=account_id, methods=(Method.TOTP,))
            await next_event(await stack.enter_async_context(beside.events(made)))
        async with beside.events(await beside.challenge(account_id=account_id)) as response:
            assert response.status == 503
        async with beside.events(await beside.challenge()) as response:
            assert response.status == 200


async def test_a_stop_does_not_wait_for_those_who_listen(beside: BesideStandIn) -> None:
    async with beside.events(await beside.challenge()) as response:
        await next_event(response)
        waiting = asyncio.create_task(next_event(response))
        began = time.monotonic()
        await beside.serving.aclose()
        assert time.monotonic() - began < 1.5  # the server's patience ends after 2 s, with an error for the reader
        assert await waiting == {}
