"""The mail is late: the same code once more."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from services.otp.domain.challenge import Resend, Verdict
from services.otp.use_cases.issue_passcode import Issued
from tests.contracts.otp.test_challenges import BOOK, CLIENT, RIGHT
from tests.contracts.otp.timeline import LIFE, Timeline

COOLDOWN, LEAST_LIFE = timedelta(seconds=30), timedelta(minutes=2)
MS = timedelta(milliseconds=1)


async def test_it_is_the_same_code_until_the_same_moment_in_another_mail(timeline: Timeline) -> None:
    challenge, issued = await timeline.challenged()
    expires_at = timeline.now + LIFE
    mails = []
    for _ in range(5):
        await timeline.passes(COOLDOWN)
        resent = await timeline.resend(challenge)
        assert isinstance(issued, Issued)
        assert (resent.result, resent.ciphertext, resent.expires_at) == (Resend.SENT, issued.ciphertext, expires_at)
        mails.append(resent.mail)

    assert mails == [1, 2, 3, 4, 5]
    assert (await timeline.judge(challenge, RIGHT)).verdict is Verdict.VERIFIED


async def test_who_waits_is_told_when_the_next_is_possible(timeline: Timeline) -> None:
    challenge = await timeline.open()
    assert (await timeline.status(challenge)).resend_available_at == timeline.now + COOLDOWN
    await timeline.passes(COOLDOWN - MS)
    early = await timeline.resend(challenge)
    await timeline.passes(MS)
    sent = await timeline.resend(challenge)

    assert (early.result, early.retry_at) == (Resend.TOO_SOON, timeline.now)
    assert (sent.result, sent.resend_available_at) == (Resend.SENT, timeline.now + COOLDOWN)
    assert (await timeline.status(challenge)).resend_available_at == timeline.now + COOLDOWN


async def test_five_are_the_last(timeline: Timeline) -> None:
    challenge = await timeline.open()
    results = []
    for _ in range(6):
        await timeline.passes(COOLDOWN)
        results.append(await timeline.resend(challenge))

    assert [each.result for each in results] == [Resend.SENT] * 5 + [Resend.NO_MORE]
    assert results[4].resend_available_at is None
    assert (await timeline.status(challenge)).resend_available_at is None


async def test_of_many_wishes_at_once_one_is_granted(timeline: Timeline) -> None:
    challenge = await timeline.open()
    await timeline.passes(COOLDOWN)
    results = Counter(each.result for each in await asyncio.gather(*(timeline.resend(challenge) for _ in range(50))))

    assert results == {Resend.SENT: 1, Resend.TOO_SOON: 49}


async def test_with_too_little_life_left_it_is_refused_and_the_code_still_works(timeline: Timeline) -> None:
    challenge = await timeline.open()
    await timeline.passes(LIFE - LEAST_LIFE - COOLDOWN + MS)
    last = await timeline.resend(challenge)
    await timeline.passes(COOLDOWN)

    assert (last.result, last.resend_available_at) == (Resend.SENT, None)  # the next would come too late
    assert (await timeline.resend(challenge)).result is Resend.TOO_LATE
    assert (await timeline.judge(challenge)).verdict is Verdict.VERIFIED


async def test_it_gives_no_guess_back(timeline: Timeline) -> None:
    challenge = await timeline.open()
    await timeline.wrong(challenge)
    await timeline.wrong(challenge)
    await timeline.passes(COOLDOWN)
    await timeline.resend(challenge)

    assert (await timeline.status(challenge)).attempts_remaining == 3
    assert [(await timeline.wrong(challenge)).attempts_remaining for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize(
    ("end", "result"), [("verified", Resend.USED), ("locked", Resend.LOCKED), ("expired", Resend.EXPIRED)]
)
async def test_of_a_challenge_that_is_over_nothing_is_sent(timeline: Timeline, end: str, result: Resend) -> None:
    challenge = await timeline.open()
    await timeline.passes(COOLDOWN)
    if end == "verified":
        await timeline.judge(challenge)
    for _ in range(5 if end == "locked" else 0):
        await timeline.wrong(challenge)
    if end == "expired":
        await timeline.passes(LIFE)

    assert (await timeline.resend(challenge)).result is result


async def test_another_client_has_nothing_sent(timeline: Timeline) -> None:
    challenge = await timeline.open()
    await timeline.passes(COOLDOWN)

    assert (await timeline.store.resend(challenge, "d" * 64, timeline.limits)).result is Resend.NOT_ISSUED
    assert (await timeline.store.resend(challenge, CLIENT, timeline.limits)).result is Resend.SENT


async def test_two_challenges_have_a_code_each_that_is_right_for_it_alone(timeline: Timeline) -> None:
    one = await timeline.open()
    other = await timeline.open()
    await timeline.passes(COOLDOWN)
    await timeline.resend(one)
    of_other = list(BOOK.macs(other, RIGHT))

    assert (await timeline.store.judge(one, CLIENT, of_other, timeline.limits)).verdict is Verdict.WRONG
    assert (await timeline.judge(other)).verdict is Verdict.VERIFIED
    assert (await timeline.judge(one)).verdict is Verdict.VERIFIED
