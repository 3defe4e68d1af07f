"""What an account may have at a time and in a day, and what a month of patience brings an attacker."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.otp.domain.challenge import Refusal, Resend, State, Verdict
from services.otp.domain.limits import Limits
from services.otp.use_cases.issue_passcode import Issued, Refused
from tests.contracts.otp.timeline import LIFE, Timeline

MINUTE, DAY, MONTH = timedelta(minutes=1), timedelta(days=1), timedelta(days=30)


async def test_five_challenges_live_side_by_side_and_the_sixth_gets_no_code(timeline: Timeline) -> None:
    first = await timeline.open(LIFE - MINUTE)
    others = [await timeline.open() for _ in range(4)]
    sixth, refused = await timeline.challenged()
    status = await timeline.status(sixth)

    assert refused == Refused(Refusal.TOO_MANY_CHALLENGES, timeline.now + LIFE - MINUTE)
    assert (status.state, status.retry_at) == (State.REFUSED, timeline.now + LIFE - MINUTE)
    judged = await timeline.judge(sixth)
    assert (judged.verdict, judged.retry_at) == (Verdict.REFUSED, status.retry_at)
    assert (await timeline.resend(sixth)).result is Resend.REFUSED
    for challenge in (first, *others):  # and none of them is touched
        assert (await timeline.judge(challenge)).verdict is Verdict.VERIFIED


async def test_room_is_when_the_first_of_the_live_ones_ends_whichever_was_made_first(timeline: Timeline) -> None:
    for minutes in (9, 6, 8, 5, 7):
        await timeline.open(minutes * MINUTE)

    _, refused = await timeline.challenged()
    assert refused == Refused(Refusal.TOO_MANY_CHALLENGES, timeline.now + 5 * MINUTE)
    timeline.limits = replace(timeline.limits, live_challenges=2)
    _, refused = await timeline.challenged()
    assert refused == Refused(Refusal.TOO_MANY_CHALLENGES, timeline.now + 8 * MINUTE)
    await timeline.passes(8 * MINUTE)
    assert isinstance((await timeline.challenged())[1], Issued)


@pytest.mark.parametrize("end", ["verified", "locked", "expired"])
async def test_a_challenge_that_is_over_makes_room(timeline: Timeline, end: str) -> None:
    those = [await timeline.open() for _ in range(5)]
    assert isinstance((await timeline.challenged())[1], Refused)
    if end == "verified":
        await timeline.judge(those[2])
    elif end == "locked":
        for _ in range(5):
            await timeline.wrong(those[2])
    else:
        await timeline.passes(LIFE)

    assert isinstance((await timeline.challenged())[1], Issued)


async def test_of_many_challenges_at_once_five_get_a_code(timeline: Timeline) -> None:
    issued = [each for _, each in await asyncio.gather(*(timeline.challenged() for _ in range(40)))]

    assert Counter(type(each) for each in issued) == {Issued: 5, Refused: 35}


async def test_a_refused_challenge_stays_refused_when_its_event_comes_again(timeline: Timeline) -> None:
    those = [await timeline.open() for _ in range(5)]
    sixth, _ = await timeline.challenged()
    await timeline.judge(those[0])

    assert await timeline.issue(sixth, timeline.now + LIFE) is None
    assert (await timeline.status(sixth)).state is State.REFUSED


async def mail(timeline: Timeline, count: int) -> None:
    """So many mails of challenges that were answered."""
    for _ in range(count):
        await timeline.judge(await timeline.open())


async def test_thirty_mails_a_day_are_enough(timeline: Timeline) -> None:
    await mail(timeline, 20)
    await timeline.passes(DAY / 2)
    await mail(timeline, 9)
    last = await timeline.open()
    challenge, refused = await timeline.challenged()

    assert refused == Refused(Refusal.TOO_MANY_MAILS, timeline.now + DAY / 2)
    await timeline.passes(2 * MINUTE)
    resent = await timeline.resend(last)
    assert (resent.result, resent.retry_at) == (Resend.TOO_MANY_MAILS, timeline.now - 2 * MINUTE + DAY / 2)
    assert (await timeline.judge(challenge)).verdict is Verdict.REFUSED
    assert (await timeline.judge(last)).verdict is Verdict.VERIFIED  # whose mail was sent
    await timeline.passes(DAY / 2)
    assert isinstance((await timeline.challenged())[1], Issued)


async def test_mails_sent_again_count_as_well(timeline: Timeline) -> None:
    await mail(timeline, 28)
    challenge = await timeline.open()
    await timeline.passes(MINUTE)
    assert (await timeline.resend(challenge)).result is Resend.SENT
    await timeline.passes(MINUTE)

    assert (await timeline.resend(challenge)).result is Resend.TOO_MANY_MAILS
    assert isinstance((await timeline.challenged())[1], Refused)


async def test_after_a_hundred_failures_in_a_row_only_support_helps(timeline: Timeline) -> None:
    timeline.limits = replace(timeline.limits, failures_in_a_row=20)
    for _ in range(4):
        challenge = await timeline.open()
        for _ in range(5):
            await timeline.wrong(challenge)
        await timeline.passes(DAY)
    challenge, refused = await timeline.challenged()

    assert refused == Refused(Refusal.DISABLED, None)
    await timeline.passes(365 * DAY)
    challenge, refused = await timeline.challenged()
    assert refused == Refused(Refusal.DISABLED, None)
    assert (await timeline.judge(challenge)).verdict is Verdict.DISABLED
    assert (await timeline.status(challenge)).state is State.DISABLED
    await timeline.unlock()
    assert (await timeline.judge(await timeline.open())).verdict is Verdict.VERIFIED


async def test_disabled_in_mid_challenge_even_the_right_code_is_not_looked_at(timeline: Timeline) -> None:
    timeline.limits = replace(timeline.limits, failures_in_a_row=3)
    challenge = await timeline.open()
    for _ in range(3):
        await timeline.wrong(challenge)

    assert (await timeline.judge(challenge)).verdict is Verdict.DISABLED
    await timeline.passes(MINUTE)
    assert (await timeline.resend(challenge)).result is Resend.DISABLED
    await timeline.unlock()
    assert (await timeline.judge(challenge)).verdict is Verdict.VERIFIED


async def test_a_right_code_ends_the_row_and_gives_no_guess_back(timeline: Timeline) -> None:
    timeline.limits = replace(timeline.limits, failures_in_a_row=5)
    for _ in range(3):
        challenge = await timeline.open()
        for _ in range(4):
            await timeline.wrong(challenge)
        assert (await timeline.judge(challenge)).verdict is Verdict.VERIFIED
    challenge = await timeline.open()

    assert [(await timeline.wrong(challenge)).verdict for _ in range(4)] == [Verdict.WRONG] * 3 + [
        Verdict.ACCOUNT_LOCKED
    ]


async def test_unlocking_gives_no_guess_back(timeline: Timeline) -> None:
    for _ in range(3):
        challenge = await timeline.open()
        for _ in range(5):
            await timeline.wrong(challenge)
    await timeline.unlock()

    assert (await timeline.judge(await timeline.open())).verdict is Verdict.ACCOUNT_LOCKED


async def test_thirty_days_with_the_password_are_fifty_guesses_and_thirty_mails_a_day(timeline: Timeline) -> None:
    """Logs in again and again, from wherever: the limits do not know addresses. Asks for mails, guesses in parallel."""
    looked_at, mailed = 0, list[datetime]()
    end = timeline.now + MONTH
    while timeline.now < end:
        challenge, issued = await timeline.challenged()
        if isinstance(issued, Issued):
            mailed.append(timeline.now)
            judged = await asyncio.gather(*(timeline.wrong(challenge) for _ in range(8)))
            looked_at += sum(each.verdict is Verdict.WRONG for each in judged)
            await timeline.passes(MINUTE / 2)
            if (await timeline.resend(challenge)).result is Resend.SENT:
                mailed.append(timeline.now)
            looked_at += (await timeline.wrong(challenge)).verdict is Verdict.WRONG
        await timeline.passes(20 * MINUTE)

    assert looked_at == 50
    assert max(sum(at - DAY < other <= at for other in mailed) for at in mailed) == 30


def test_the_defaults_are_what_these_tests_speak_of() -> None:
    limits = Limits(5, 15, 50)

    assert (limits.failures_in_a_row, limits.live_challenges, limits.mails_per_day) == (100, 5, 30)
