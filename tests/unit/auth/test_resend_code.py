"""The same code once more, to whoever the challenge is of."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.auth.domain.account import Account, AccountStatus
from services.auth.domain.challenge import Challenge
from services.auth.domain.factor import Method
from services.auth.use_cases.ask_for_mail import AskForMail, CodeNeeded
from services.auth.use_cases.follow_challenge import Progress
from services.auth.use_cases.mailable_challenge import MailableChallenge
from services.auth.use_cases.resend_code import NoMoreResends, ResendAnswer, ResendCode, Resent
from services.auth.use_cases.verify_challenge import AccountClosed, Closed, MethodNotOffered
from shared.sealing import Unsealer
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import FakeOtpService
from tests.unit.auth.samples import ACCOUNT_ID, account, addresses_sealed_to, challenge, tokens
from tests.unit.auth.test_signed_tokens import now
from tests.unit.shared.samples import private_ring

CLOCK = Clock(now())
TOKENS = tokens(CLOCK)
NOTIFIER = private_ring("seal-1")
ADDRESSES = addresses_sealed_to(NOTIFIER)


def made(**changes: Any) -> Challenge:
    return challenge(**({"issued_at": now(), "expires_at": now() + timedelta(hours=2)} | changes))


@dataclass
class World:
    account: Account | None = field(default_factory=account)
    otp: FakeOtpService = field(default_factory=FakeOtpService)

    async def find_by_id(self, account_id: UUID) -> Account | None:
        return self.account

    async def resend(self, asked: Challenge, challenge_id: UUID | None = None) -> ResendAnswer:
        resend = ResendCode(MailableChallenge(TOKENS, self), ADDRESSES, self.otp)
        return await resend(challenge_id or asked.id, TOKENS.sign_challenge(asked))

    def address(self) -> str:
        ((resent, to),) = self.otp.resent
        return Unsealer(NOTIFIER).unseal(to.address, f"address:{resent.id}")


async def test_the_address_is_sealed_anew_for_the_challenge() -> None:
    world = World()

    assert await world.resend(made()) == Resent(None)
    assert world.address() == "kim@customer.example"
    ((_, to),) = world.otp.resent
    assert (to.locale, to.region) == ("de", "emea")


async def test_the_code_that_proves_a_new_address_goes_there_again() -> None:
    world = World()
    await world.resend(made(new_address=ADDRESSES.hidden(ACCOUNT_ID, "new@customer.example")))

    assert world.address() == "new@customer.example"


async def test_what_the_otp_service_refuses_is_refused() -> None:
    refusal = NoMoreResends()

    assert await World(otp=FakeOtpService(resends=refusal)).resend(made()) is refusal


@pytest.mark.parametrize(
    ("changes", "account_now", "answer"),
    [
        ({"expires_at": now() - timedelta(seconds=1)}, account(), Closed.EXPIRED),
        ({}, account(epoch=1), Closed.VOID),
    ],
    ids=["expired", "of another epoch"],
)
async def test_a_challenge_that_is_over_gets_no_mail(
    changes: dict[str, Any], account_now: Account, answer: Closed
) -> None:
    world = World(account_now)

    assert await world.resend(made(**changes)) is answer
    assert world.otp.resent == []


async def test_the_token_of_another_challenge_sends_nothing() -> None:
    world = World()

    assert await world.resend(made(), uuid4()) is Closed.UNKNOWN
    assert world.otp.resent == []


async def test_a_challenge_without_mail_is_not_answered_by_one() -> None:
    world = World()

    assert isinstance(await world.resend(made(methods=(Method.TOTP, Method.RECOVERY_CODE))), MethodNotOffered)
    assert world.otp.resent == []


@pytest.mark.parametrize("account_now", [None, account(status=AccountStatus.LOCKED), account(sso=True)])
async def test_a_closed_account_gets_no_mail(account_now: Account | None) -> None:
    world = World(account_now)

    assert isinstance(await world.resend(made()), AccountClosed)
    assert world.otp.resent == []


async def test_while_the_otp_service_is_away_nothing_is_promised() -> None:
    with pytest.raises(DependencyUnavailable):
        await World(otp=FakeOtpService(down=True)).resend(made())


async def test_a_mail_that_was_sent_from_the_beginning_is_not_asked_for() -> None:
    mailed: list[UUID] = []

    async def mail_code(_: Account, asked: Challenge) -> None:
        mailed.append(asked.id)

    otp = FakeOtpService()
    ask = AskForMail(MailableChallenge(TOKENS, World()), mail_code, otp.progress)
    by_mail, by_app = made(), made(methods=(Method.TOTP, Method.EMAIL_OTP))

    assert isinstance(await ask(by_mail.id, TOKENS.sign_challenge(by_mail)), CodeNeeded)
    assert mailed == []
    answer = await ask(by_app.id, TOKENS.sign_challenge(by_app))
    assert isinstance(answer, Challenge)
    assert mailed == [by_app.id]

    otp.found = Progress("open", "queued", None, 5, by_app.expires_at)
    assert await ask(by_app.id, TOKENS.sign_challenge(by_app)) == answer
    assert mailed == [by_app.id]  # it is under way
    otp.down = True
    await ask(by_app.id, TOKENS.sign_challenge(by_app))
    assert mailed == [by_app.id] * 2  # Kafka keeps it, and the OTP service sends no second one
