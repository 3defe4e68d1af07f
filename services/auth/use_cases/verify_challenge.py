"""A code came in for a challenge: check the token, have the OTP service judge the code."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.auth.domain.access import Access, by_email_code
from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import Decision, Outcome


class Closed(StrEnum):
    """Why a challenge takes no codes any more."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Verified:
    access: Access
    decision: Decision


@dataclass(frozen=True, slots=True)
class Wrong:
    attempts_remaining: int


class NotIssuedYet:
    """The OTP service has not seen the challenge; the code cannot be right because there is none."""


class AccountClosed:
    """Locked, or moved to SSO, since the challenge was made; the code is not looked at."""


class TooManyAttempts:
    """No code is looked at any more for this challenge."""


VerifyAnswer = Verified | Wrong | NotIssuedYet | TooManyAttempts | AccountClosed | Closed


class ChallengeTokens(Protocol):
    def read_challenge(self, token: str) -> Challenge | Closed:
        """The challenge in a token that we signed and that has not expired, or why not."""


class CodeJudge(Protocol):
    async def judge(self, challenge: Challenge, code: str) -> Wrong | NotIssuedYet | TooManyAttempts | Closed | None:
        """None: the code is right, and used up now. Raises: DependencyUnavailable."""


class AccountStanding(Protocol):
    async def may_sign_in(self, account_id: UUID) -> bool:
        """Whether it exists, is active and does not sign in through SSO. Raises: DependencyUnavailable."""


class VerifyChallenge:
    def __init__(
        self, tokens: ChallengeTokens, accounts: AccountStanding, judge: CodeJudge, now: Callable[[], datetime]
    ) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._judge = judge
        self._now = now

    async def __call__(self, challenge_id: UUID, token: str, code: str) -> VerifyAnswer:
        challenge = self._tokens.read_challenge(token)
        if isinstance(challenge, Closed):
            return challenge
        if challenge.id != challenge_id:
            return Closed.UNKNOWN
        if not await self._accounts.may_sign_in(challenge.account_id):  # before judging: no code is used up in vain
            return AccountClosed()
        refusal = await self._judge.judge(challenge, code)
        if refusal is not None:
            return refusal
        access = by_email_code(challenge.account_id, challenge.product, self._now())
        decision = Decision(Outcome.COMPLETED, challenge.reason, challenge.policy_version, challenge.region)
        return Verified(access, decision)
