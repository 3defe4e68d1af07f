"""A code came in for a challenge."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.auth.domain.account import Account
from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import Decision, Outcome, Reason
from services.auth.domain.factor import ACR_EMAIL_OTP, ACR_TOTP, Method
from services.auth.domain.session import Scopes, SessionLives
from services.auth.use_cases.complete_challenge import CompleteChallenge
from services.auth.use_cases.follow_challenge import FollowChallenge, Progress
from services.auth.use_cases.open_session import OpenSession
from services.auth.use_cases.tell_owner import TellOwner
from services.auth.use_cases.trust_device import TrustDevice
from services.auth.use_cases.verify_challenge import (
    AccountClosed,
    Answer,
    Closed,
    MethodNotOffered,
    NotIssuedYet,
    TooManyAttempts,
    Verified,
    VerifyAnswer,
    VerifyChallenge,
    Wrong,
)
from shared.events import NoticeDetails, NoticeKind
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import FakeDevices, FakeNotices, FakeOtpService, FakeSessions
from tests.unit.auth.samples import ACCOUNT_ID, account, challenge, tokens
from tests.unit.auth.test_signed_tokens import now

CLOCK = Clock(now())
TOKENS = tokens(CLOCK)
CHALLENGE = challenge(issued_at=now(), expires_at=now() + timedelta(hours=2))
LATER: dict[str, Any] = {"issued_at": now(), "expires_at": now() + timedelta(hours=2)}
OVER = challenge(issued_at=now() - timedelta(minutes=11), expires_at=now() - timedelta(minutes=1))


class Standing:
    def __init__(self, good: bool = True, epoch: int = 0) -> None:
        self.good = good
        self.epoch = epoch

    async def epoch_of(self, account_id: UUID) -> int | None:
        return self.epoch if self.good else None

    async def find_by_id(self, account_id: UUID) -> Account | None:
        return account(id=account_id)


LIVES = SessionLives(timedelta(days=90), timedelta(days=14), timedelta(seconds=30))


@dataclass
class World:
    otp: FakeOtpService = field(default_factory=FakeOtpService)
    standing: Standing = field(default_factory=Standing)
    sessions: FakeSessions = field(default_factory=FakeSessions)
    devices: FakeDevices = field(default_factory=FakeDevices)
    reported: list[tuple[Decision, Method]] = field(default_factory=list)
    notices: FakeNotices = field(default_factory=FakeNotices)

    def __post_init__(self) -> None:
        opening = OpenSession(self.sessions, LIVES, Scopes(("account",)), uuid4)
        tell = TellOwner(self.standing, self.notices)
        trust = TrustDevice(self.devices, timedelta(days=30), uuid4, tell)
        complete = CompleteChallenge(opening, self.sessions, trust, None, tell)  # type: ignore[arg-type]
        judges = dict.fromkeys(Method, self.otp)
        self.verify = VerifyChallenge(TOKENS, self.standing, judges, complete, self._report, CLOCK)

    def _report(self, decision: Decision, _: Challenge, method: Method) -> None:
        self.reported.append((decision, method))

    async def answer(self, made: Challenge = CHALLENGE, **more: Any) -> VerifyAnswer:
        given = {"token": TOKENS.sign_challenge(made), "method": Method.EMAIL_OTP, "code": "402817"} | more
        return await self.verify(made.id, Answer(**given))


async def answer(
    otp: FakeOtpService, token: str | None = None, challenge_id: UUID | None = None, standing: Standing | None = None
) -> VerifyAnswer:
    world = World(otp, standing or Standing())
    token = TOKENS.sign_challenge(CHALLENGE) if token is None else token
    return await world.verify(challenge_id or CHALLENGE.id, Answer(token, Method.EMAIL_OTP, "402817"))


async def test_the_right_code_is_a_session_by_password_and_code_and_never_mfa() -> None:
    world = World()
    verified = await world.answer()

    assert isinstance(verified, Verified)
    access = verified.grant.access
    assert (access.amr, access.acr) == (("pwd", "otp"), ACR_EMAIL_OTP)
    assert (access.subject, access.audience, access.purpose) == (CHALLENGE.account_id, "editor", "login")
    assert access.auth_time == CLOCK.now
    assert access.session_id == world.sessions.opened[0].id
    assert verified.grant.device_token is None
    assert (verified.decision.outcome, verified.decision.reason) == (Outcome.COMPLETED, Reason.REGION_ENFORCED)
    assert (verified.decision.policy_version, verified.decision.region) == (7, "emea")
    assert world.otp.judged == [(CHALLENGE.id, "402817")]
    assert world.reported == [(verified.decision, Method.EMAIL_OTP)]


async def test_a_device_that_is_to_be_remembered_gets_a_token() -> None:
    world = World()
    verified = await world.answer(remember_device=True)

    assert isinstance(verified, Verified)
    (device,) = world.devices.trusted
    assert device.expires_at == CLOCK.now + timedelta(days=30)
    assert verified.grant.device_token is not None
    assert verified.grant.device_token.startswith("gpd_")
    assert world.notices.sent == [(NoticeKind.NEW_DEVICE, ACCOUNT_ID, NoticeDetails(device="editor"))]


@pytest.mark.parametrize("closed", [False, True])
async def test_the_owner_hears_of_a_recovery_code_that_was_used_up_even_where_it_opened_nothing(closed: bool) -> None:
    world = World(sessions=FakeSessions(closed=closed))
    made = challenge(**LATER, methods=(Method.EMAIL_OTP, Method.RECOVERY_CODE), label="Editor 4.1 (macOS)")
    answered = await world.answer(made, method=Method.RECOVERY_CODE)

    assert (answered is Closed.VOID) == closed
    details = NoticeDetails(device="Editor 4.1 (macOS)")
    assert world.notices.sent == [(NoticeKind.RECOVERY_CODE_USED, ACCOUNT_ID, details)]


@pytest.mark.parametrize("refusal", [Wrong(2), Closed.USED])
async def test_a_recovery_code_that_was_refused_is_not_told_of(refusal: Wrong | Closed) -> None:
    world = World(FakeOtpService(refusal))
    made = challenge(**LATER, methods=(Method.EMAIL_OTP, Method.RECOVERY_CODE))
    await world.answer(made, method=Method.RECOVERY_CODE)

    assert world.notices.sent == []


async def test_a_step_up_opens_no_session_and_is_good_for_its_purpose_alone() -> None:
    world = World()
    verified = await world.answer(challenge(**LATER, purpose="payment"), remember_device=True)

    assert isinstance(verified, Verified)
    assert verified.grant.access.purpose == "payment"
    assert verified.grant.access.amr == ("otp",)
    assert (verified.grant.access.session_id, verified.grant.refresh_token, verified.grant.device_token) == (None,) * 3
    assert world.sessions.opened == []
    assert world.devices.trusted == []


async def test_a_session_that_asked_for_it_becomes_as_strong_as_the_code() -> None:
    world = World()
    first = await world.answer()
    assert isinstance(first, Verified)
    session_id = first.grant.access.session_id
    verified = await world.answer(challenge(**LATER, purpose="session", session_id=session_id, methods=(Method.TOTP,)),
                                  method=Method.TOTP)  # fmt: skip

    assert isinstance(verified, Verified)
    assert (verified.grant.access.session_id, verified.grant.access.acr) == (session_id, ACR_TOTP)
    assert verified.grant.refresh_token is None


async def test_a_session_of_somebody_else_is_not_made_stronger() -> None:
    world = World()
    first = await world.answer()
    assert isinstance(first, Verified)
    foreign = challenge(**LATER, account_id=uuid4(), purpose="session", session_id=first.grant.access.session_id)

    assert await world.answer(foreign) is Closed.VOID


async def test_a_challenge_from_before_a_change_of_the_account_is_void_and_its_code_not_looked_at() -> None:
    world = World(standing=Standing(epoch=1))

    assert await world.answer() is Closed.VOID
    assert isinstance(await world.answer(challenge(**LATER, epoch=1)), Verified)
    assert len(world.otp.judged) == 1


async def test_a_session_that_cannot_be_opened_any_more_trusts_no_device() -> None:
    world = World(sessions=FakeSessions(closed=True))

    assert await world.answer(remember_device=True) is Closed.VOID
    assert world.devices.trusted == []


async def test_a_method_that_the_challenge_does_not_offer_is_not_judged() -> None:
    world = World()

    assert isinstance(await world.answer(method=Method.TOTP, code="123456"), MethodNotOffered)
    assert world.otp.judged == []


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
    follow = FollowChallenge(TOKENS, FakeOtpService(), CLOCK)

    assert await follow(CHALLENGE.id, TOKENS.sign_challenge(CHALLENGE)) == Progress(
        "pending", "queued", None, None, CHALLENGE.expires_at
    )


async def test_what_the_otp_service_knows_of_a_challenge_is_told() -> None:
    known = Progress("open", "sent", CLOCK.now, 4, CHALLENGE.expires_at)
    follow = FollowChallenge(TOKENS, FakeOtpService(found=known), CLOCK)

    assert await follow(CHALLENGE.id, TOKENS.sign_challenge(CHALLENGE)) == known


async def test_following_needs_the_token_too() -> None:
    follow = FollowChallenge(TOKENS, FakeOtpService(), CLOCK)

    assert await follow(CHALLENGE.id, "nonsense") is Closed.UNKNOWN
    assert await follow(uuid4(), TOKENS.sign_challenge(CHALLENGE)) is Closed.UNKNOWN
    assert await follow(OVER.id, TOKENS.sign_challenge(OVER)) is Closed.EXPIRED
