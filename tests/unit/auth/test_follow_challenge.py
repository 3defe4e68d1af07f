"""A challenge is followed until it is over."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.use_cases.follow_challenge import FollowChallenge, Progress, Quiet
from services.auth.use_cases.verify_challenge import Closed
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import FakeOtpService
from tests.unit.auth.samples import challenge, tokens
from tests.unit.auth.test_signed_tokens import now

TOKENS = tokens(Clock(now()))
CHALLENGE = challenge(issued_at=now(), expires_at=now() + timedelta(hours=2))
TOKEN = TOKENS.sign_challenge(CHALLENGE)
PENDING = Progress("pending", "queued", None, None, CHALLENGE.expires_at)
OPEN = Progress("open", "sent", now(), 5, CHALLENGE.expires_at)
QUIET = Quiet()


async def followed(*told: Progress | Quiet | None, left_s: float = 600) -> list[Progress | Quiet]:
    clock = Clock(CHALLENGE.expires_at - timedelta(seconds=left_s))
    follow = FollowChallenge(TOKENS, FakeOtpService(told=list(told)), clock)
    following = follow.changes(CHALLENGE.id, TOKEN)
    assert not isinstance(following, Closed)
    return [each async for each in following.changes]


async def test_each_change_is_told_and_that_there_is_none() -> None:
    assert await followed(None, QUIET, OPEN, QUIET) == [PENDING, QUIET, OPEN, QUIET]


@pytest.mark.parametrize("state", ["verified", "locked", "expired", "void", "refused", "disabled"])
async def test_nothing_is_told_after_a_final_state(state: str) -> None:
    over = replace(OPEN, state=state)

    assert await followed(OPEN, over, OPEN) == [OPEN, over]


@pytest.mark.parametrize("told", [None, QUIET])
async def test_nobody_waits_for_a_code_beyond_the_life_of_its_challenge(told: Quiet | None) -> None:
    assert len(await followed(told, told, left_s=0)) == 1
    assert len(await followed(told, told, left_s=1)) == 2


async def test_without_its_token_nothing_is_told() -> None:
    follow = FollowChallenge(TOKENS, FakeOtpService(told=[OPEN]), Clock(now()))

    assert follow.changes(CHALLENGE.id, "nonsense") is Closed.UNKNOWN
    assert follow.changes(challenge().id, TOKEN) is Closed.UNKNOWN


async def test_while_the_otp_service_is_away_nothing_begins() -> None:
    following = FollowChallenge(TOKENS, FakeOtpService(down=True), Clock(now())).changes(CHALLENGE.id, TOKEN)
    assert not isinstance(following, Closed)
    assert following.account_id == CHALLENGE.account_id

    with pytest.raises(DependencyUnavailable):
        await anext(following.changes)
