"""What auth makes of the answers of the OTP service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from services.auth.adapters.otp_client import OtpClient
from services.auth.use_cases.follow_challenge import Progress, Quiet
from services.auth.use_cases.resend_code import (
    ChallengeEnding,
    NoMoreResends,
    NotResent,
    Recipient,
    ResendTooSoon,
    Resent,
    TooManyMails,
)
from services.auth.use_cases.verify_challenge import Barred, Closed, NotIssuedYet, Refusal, TooManyAttempts, Wrong
from shared.unavailable import DependencyUnavailable
from tests.integration.auth.otp_stand_in import OPEN, OtpStandIn
from tests.unit.auth.samples import ACCOUNT_ID, challenge
from tests.wait_until import wait_until

AT = datetime(2026, 11, 24, 9, 0, 30, tzinfo=UTC)
TIME = AT.isoformat()
TO = Recipient("seal-1.AAAA", "de", "emea")
SHOWN = Progress(
    "open",
    "sent",
    datetime(2026, 11, 24, 9, 0, 2, tzinfo=UTC),
    5,
    datetime(2026, 11, 24, 9, 10, tzinfo=UTC),
    resend_available_at=AT,
)


@asynccontextmanager
async def client_of(stand_in: OtpStandIn, **more: Any) -> AsyncIterator[OtpClient]:
    async with stand_in.served() as url:
        otp = OtpClient(url, SecretStr("credential"), **({"most_streams": 10} | more))
        await otp.open()
        try:
            yield otp
        finally:
            await otp.close()


async def judged(verdict: str | None, **more: Any) -> Refusal | None:
    async with client_of(OtpStandIn(judgement={"verdict": verdict, **more})) as otp:
        return await otp.judge(challenge(), "123456")


async def resent(result: str, **more: Any) -> Resent | NotResent:
    async with client_of(OtpStandIn(resending={"result": result, **more})) as otp:
        return await otp.resend(challenge(), TO)


@pytest.mark.parametrize("reason", list(Closed))
async def test_a_closed_challenge_says_why(reason: Closed) -> None:
    assert await judged(reason) is reason


@pytest.mark.parametrize(
    ("verdict", "more", "refusal"),
    [
        ("verified", {}, None),
        ("wrong", {"attempts_remaining": 3}, Wrong(3)),
        ("locked", {}, TooManyAttempts()),
        ("account-locked", {"retry_at": TIME}, TooManyAttempts(AT)),
        ("refused", {"retry_at": TIME}, TooManyAttempts(AT, Barred.REFUSED)),
        ("refused", {"retry_at": None}, TooManyAttempts(None, Barred.REFUSED)),
        ("disabled", {"retry_at": None}, TooManyAttempts(None, Barred.DISABLED)),
    ],
)
async def test_a_verdict_is_a_refusal_or_none(verdict: str, more: dict[str, Any], refusal: Refusal | None) -> None:
    assert await judged(verdict, **more) == refusal


@pytest.mark.parametrize("verdict", ["right", "", None, ["used"]])
async def test_a_verdict_that_is_not_known_lets_nobody_in_and_is_an_outage(verdict: str | None) -> None:
    with pytest.raises(DependencyUnavailable) as raised:
        await judged(verdict)

    assert raised.value.dependency == "otp"


async def test_a_resend_carries_the_sealed_address_and_the_client() -> None:
    stand_in, made = OtpStandIn(resending={"result": "sent", "resend_available_at": TIME}), challenge()
    async with client_of(stand_in) as otp:
        assert await otp.resend(made, TO) == Resent(AT)

    body = {"address": "seal-1.AAAA", "locale": "de", "region": "emea", "purpose": "login"}
    assert stand_in.asked == [("resend", body | {"client_hash": made.client_hash})]


@pytest.mark.parametrize(
    ("result", "more", "answer"),
    [
        ("sent", {"resend_available_at": None}, Resent(None)),
        ("too-soon", {"retry_at": TIME}, ResendTooSoon(AT)),
        ("too-many-mails", {"retry_at": TIME}, TooManyMails(AT)),
        ("locked", {}, TooManyAttempts()),
        ("refused", {"retry_at": TIME}, TooManyAttempts(AT, Barred.REFUSED)),
        ("disabled", {}, TooManyAttempts(None, Barred.DISABLED)),
        *((word, {}, word) for word in (Closed.USED, Closed.EXPIRED, Closed.VOID, Closed.UNKNOWN)),
    ],
)
async def test_a_resend_is_sent_or_says_why_not(result: str, more: dict[str, Any], answer: Any) -> None:
    assert await resent(result, **more) == answer


@pytest.mark.parametrize(
    ("result", "kind"), [("no-more", NoMoreResends), ("too-late", ChallengeEnding), ("not-issued", NotIssuedYet)]
)
async def test_a_resend_that_is_not_offered_says_so(result: str, kind: type[Any]) -> None:
    assert isinstance(await resent(result), kind)


@pytest.mark.parametrize(("result", "more"), [("fine", {}), ("too-soon", {"retry_at": None}), ("too-soon", {})])
async def test_an_answer_to_a_resend_that_is_not_known_is_an_outage(result: str, more: dict[str, Any]) -> None:
    with pytest.raises(DependencyUnavailable):
        await resent(result, **more)


async def test_progress_is_read_with_and_without_the_fields_of_later_versions() -> None:
    earlier = {name: value for name, value in OPEN.items() if name not in ("resend_available_at", "retry_at")}
    for status, progress in (
        (OPEN, SHOWN),
        (OPEN | {"retry_at": TIME}, replace(SHOWN, retry_at=AT)),
        (earlier, replace(SHOWN, resend_available_at=None)),
        (None, None),
    ):
        async with client_of(OtpStandIn(status=status)) as otp:
            assert await otp.progress(challenge()) == progress


async def test_an_unlock_names_the_account_and_fails_with_the_service() -> None:
    stand_in = OtpStandIn()
    async with client_of(stand_in) as otp:
        await otp.unlock(ACCOUNT_ID)
        stand_in.down = True
        with pytest.raises(DependencyUnavailable):
            await otp.unlock(ACCOUNT_ID)

    assert stand_in.asked == [("unlock", str(ACCOUNT_ID))] * 2


async def test_changes_are_heard_line_by_line_until_the_service_ends_them() -> None:
    stand_in = OtpStandIn(lines=[None])
    async with client_of(stand_in) as otp:
        changes = otp.changes(challenge())
        assert await anext(changes) is None
        stand_in.tell(OPEN)
        assert await anext(changes) == SHOWN
        stand_in.keep_alive()
        assert isinstance(await anext(changes), Quiet)
        stand_in.end_streams()
        assert [each async for each in changes] == []


@pytest.mark.parametrize("line", ["nonsense", {"state": "open"}, [], 7])
async def test_a_change_that_cannot_be_read_is_an_outage(line: Any) -> None:
    async with client_of(OtpStandIn(lines=[line])) as otp:
        with pytest.raises(DependencyUnavailable):
            await anext(otp.changes(challenge()))


async def test_a_stream_that_has_fallen_silent_is_an_outage() -> None:
    async with client_of(OtpStandIn(), silent_s=0.1) as otp:
        changes = otp.changes(challenge())
        await anext(changes)
        with pytest.raises(DependencyUnavailable):
            await anext(changes)


async def test_whoever_stops_listening_leaves_no_connection_behind() -> None:
    stand_in = OtpStandIn()
    async with client_of(stand_in) as otp:
        changes = otp.changes(challenge())
        await anext(changes)
        await changes.aclose()
        await wait_until(lambda: not stand_in.streams)


async def test_streams_end_for_those_who_wait_in_them_when_they_are_ended() -> None:
    async with client_of(OtpStandIn()) as otp:
        changes = otp.changes(challenge())
        await anext(changes)
        waiting = asyncio.create_task(anext(changes))
        await asyncio.sleep(0)
        otp.end_streams()
        with pytest.raises(DependencyUnavailable):
            await waiting


async def test_however_many_listen_codes_are_judged() -> None:
    """More than there are connections for calls."""
    stand_in = OtpStandIn(judgement={"verdict": "verified"})
    async with client_of(stand_in, most_streams=300) as otp:
        listening = [otp.changes(challenge()) for _ in range(300)]
        for changes in listening:
            await anext(changes)
        assert await otp.judge(challenge(), "123456") is None
        for changes in listening:
            await changes.aclose()
