"""The mail is late, or was deleted: the same code once more."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.challenge import Challenge
from services.auth.use_cases.code_addresses import CodeAddresses
from services.auth.use_cases.mailable_challenge import Mailable, MailableChallenge, NotMailable
from services.auth.use_cases.verify_challenge import Closed, NotIssuedYet, TooManyAttempts


@dataclass(frozen=True, slots=True)
class Resent:
    """`available_at`: when it may be sent once more; None: never again."""

    available_at: datetime | None


@dataclass(frozen=True, slots=True)
class ResendTooSoon:
    available_at: datetime


@dataclass(frozen=True, slots=True)
class TooManyMails:
    """The account was sent as many as it may be in a while."""

    retry_at: datetime


class NoMoreResends:
    """This challenge's are used up."""


class ChallengeEnding:
    """So little life is left that the mail would come too late."""


NotResent = ResendTooSoon | TooManyMails | NoMoreResends | ChallengeEnding | NotIssuedYet | TooManyAttempts | Closed
ResendAnswer = Resent | NotResent | NotMailable


@dataclass(frozen=True, slots=True)
class Recipient:
    """`address` is sealed to the notifier."""

    address: str = field(repr=False)
    locale: str
    region: str


class Resends(Protocol):
    async def resend(self, challenge: Challenge, to: Recipient) -> Resent | NotResent:
        """The OTP service keeps the code, the limits and the count. Raises: DependencyUnavailable."""


class ResendCode:
    def __init__(self, mailable: MailableChallenge, addresses: CodeAddresses, otp: Resends) -> None:
        self._mailable = mailable
        self._addresses = addresses
        self._otp = otp

    async def __call__(self, challenge_id: UUID, token: str) -> ResendAnswer:
        """Raises: DependencyUnavailable."""
        found = await self._mailable(challenge_id, token)
        if not isinstance(found, Mailable):
            return found
        account, challenge = found.account, found.challenge
        to = Recipient(self._addresses.sealed(account, challenge), account.locale, account.region)
        return await self._otp.resend(challenge, to)
