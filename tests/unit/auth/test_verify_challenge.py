"""A code came in for a challenge."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.auth.domain.decision import Outcome, Reason
from services.auth.domain.factor import ACR_EMAIL_OTP, Method
from services.auth.use_cases.follow_challenge import FollowChallenge, Progress
from services.auth.use_cases.verify_challenge import (
    AccountClosed,
    Closed,
    NotIssuedYet,
    TooManyAttempts,
    Verified,
    VerifyAnswer,
    VerifyChallenge,
    Wrong,
)
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import FakeOtpService
from tests.unit.auth.samples import challenge, tokens
from tests.unit.auth.test_signed_tokens import now

CLOCK = Clock(now())
TOKENS = tokens(CLOCK)
CHALLENGE = challenge(issued_at=now(), expires_at=now() + timedelta(hours=2))
OVER = challenge(issued_at=now() - timedelta(minutes=11), expires_at=now() - timedelta(minutes=1))


class Standing:
    def __init__(self, good: bool = True) -> None:
        self.good = good

    async def may_sign_in(self, account_id: UUID) -> bool:
        return self.good


async def answer(
    otp: FakeOtpService, token: str | None = None, challenge_id: object = None, standing: Standing | None = None
) -> VerifyAnswer:
    verify = VerifyChallenge(TOKENS, standing or Standing(), {Method.EMAIL_OTP: otp}, CLOCK)
    token = TOKENS.sign_challenge(CHALLENGE) if token is None else token
    return await verify(challenge_id or CHALLENGE.id, token, Method.EMAIL_OTP, "402817")  # type: ignore[arg-type]


async def test_the_right_code_is_access_by_password_and_code_and_never_mfa() -> None:
    otp = FakeOtpService()
    verified = await answer(otp)

    assert isinstance(verified, Verified)
    assert verified.access.amr == ("pwd", "otp")
    assert verified.access.acr == ACR_EMAIL_OTP
    assert (verified.access.subject, verified.access.audience) == (CHALLENGE.account_id, "editor")
    assert verified.access.auth_time == CLOCK.now
    assert (verified.decision.outcome, verified.decision.reason) == (Outcome.COMPLETED, Reason.REGION_ENFORCED)
    assert (verified.decision.policy_version, verified.decision.region) == (7, "emea")
    assert otp.judged == [(CHALLENGE.id, "402817")]


async def test_an_account_that_was_locked_meanwhile_gets_no_token_and_its_code_is_not_looked_at() -> None:
    otp = FakeOtpService()
    assert isinstance(await answer(otp, standing=Standing(good=False)), AccountClosed)
    assert otp.judged == []


@pytest.mark.parametrize("refusal", [Wrong(3), NotIssuedYet(), TooManyAttempts(), Closed.USED, Closed.EXPIRED])
async def test_what_the_otp_service_refuses_is_refused(
    refusal: Wrong | NotIssuedYet | TooManyAttempts | Closed,
) -> None:
    assert await answer(FakeOtpService(refusal)) == refusal


@pytest.mark.parametrize(
    ("token", "closed"),
    [
        ("", Closed.UNKNOWN),
        ("nonsense", Closed.UNKNOWN),
        (TOKENS.sign_challenge(OVER), Closed.EXPIRED),
        (TOKENS.sign_challenge(challenge(issued_at=now(), expires_at=now() + timedelta(hours=2))), Closed.UNKNOWN),
    ],
    ids=["empty", "nonsense", "expired", "of another challenge"],
)
async def test_without_its_token_no_code_is_judged(token: str, closed: Closed) -> None:
    otp = FakeOtpService()

    assert await answer(otp, token) is closed
    assert otp.judged == []


async def test_the_id_without_the_token_grants_nothing() -> None:
    otp = FakeOtpService()

    assert await answer(otp, challenge_id=uuid4()) is Closed.UNKNOWN
    assert otp.judged == []


async def test_while_the_otp_service_is_away_nobody_gets_in() -> None:
    with pytest.raises(DependencyUnavailable):
        await answer(FakeOtpService(down=True))


async def test_a_challenge_without_a_code_yet_is_pending() -> None:
    follow = FollowChallenge(TOKENS, FakeOtpService())

    assert await follow(CHALLENGE.id, TOKENS.sign_challenge(CHALLENGE)) == Progress(
        "pending", "queued", None, None, CHALLENGE.expires_at
    )


async def test_what_the_otp_service_knows_of_a_challenge_is_told() -> None:
    known = Progress("open", "sent", CLOCK.now, 4, CHALLENGE.expires_at)
    follow = FollowChallenge(TOKENS, FakeOtpService(found=known))

    assert await follow(CHALLENGE.id, TOKENS.sign_challenge(CHALLENGE)) == known


async def test_following_needs_the_token_too() -> None:
    follow = FollowChallenge(TOKENS, FakeOtpService())

    assert await follow(CHALLENGE.id, "nonsense") is Closed.UNKNOWN
    assert await follow(uuid4(), TOKENS.sign_challenge(CHALLENGE)) is Closed.UNKNOWN
    assert await follow(OVER.id, TOKENS.sign_challenge(OVER)) is Closed.EXPIRED
