"""A code came in for a challenge: check the token, have the code judged, do what the challenge was for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import Decision, Outcome
from services.auth.domain.factor import Method
from services.auth.use_cases.open_session import Grant


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody sent in answer to a challenge."""

    token: str = field(repr=False)
    method: Method
    code: str = field(repr=False)
    remember_device: bool = False


class Closed(StrEnum):
    """Why a challenge takes no codes any more."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    # Since it was made, the account got another password or address, or all its sessions were ended; or the OTP service
    # lost track of it in a failover.
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Verified:
    grant: Grant
    decision: Decision


@dataclass(frozen=True, slots=True)
class Wrong:
    attempts_remaining: int


class NotIssuedYet:
    """The OTP service has not seen the challenge; the code cannot be right because there is none."""


class AccountClosed:
    """Locked, or moved to SSO, since the challenge was made; the code is not looked at."""


class Barred(StrEnum):
    """Why no code is looked at, where it is not for wrong ones of these days."""

    REFUSED = "refused"  # none was mailed: the account had reached a limit
    DISABLED = "disabled"  # so many were wrong in a row that only support can let codes in again


@dataclass(frozen=True, slots=True)
class TooManyAttempts:
    """No code is looked at any more: for this challenge, or, with `retry_at`, until then for this account."""

    retry_at: datetime | None = None
    barred: Barred | None = None


class MethodNotOffered:
    """This challenge is not answered in this way."""


Refusal = Wrong | NotIssuedYet | TooManyAttempts | Closed
VerifyAnswer = Verified | Refusal | AccountClosed | MethodNotOffered


class ChallengeTokens(Protocol):
    def read_challenge(self, token: str) -> Challenge | Closed:
        """The challenge in a token that we signed and that has not expired, or why not."""


class CodeJudge(Protocol):
    """One per method. Counts before it compares: no number of parallel calls gets more looks than the budget."""

    async def judge(self, challenge: Challenge, code: str) -> Refusal | None:
        """None: the code is right, and used up now. Raises: DependencyUnavailable."""


class AccountStanding(Protocol):
    async def epoch_of(self, account_id: UUID) -> int | None:
        """None: there is none, or it is locked or signs in through SSO. Raises: DependencyUnavailable."""


class VerifyChallenge:
    def __init__(
        self,
        tokens: ChallengeTokens,
        accounts: AccountStanding,
        judges: Mapping[Method, CodeJudge],
        complete: Callable[[Challenge, Method, bool, datetime], Awaitable[Grant | None]],
        report: Callable[[Decision, Challenge, Method], None],
        now: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._judges = judges
        self._complete = complete
        self._report = report
        self._now = now

    async def __call__(self, challenge_id: UUID, given: Answer) -> VerifyAnswer:
        """Raises: DependencyUnavailable."""
        challenge = self._tokens.read_challenge(given.token)
        if isinstance(challenge, Closed):
            return challenge
        if challenge.id != challenge_id:
            return Closed.UNKNOWN
        if given.method not in challenge.methods:
            return MethodNotOffered()
        epoch = await self._accounts.epoch_of(challenge.account_id)  # before judging: no code is used up in vain
        if epoch is None:
            return AccountClosed()
        if epoch != challenge.epoch:
            return Closed.VOID
        refusal = await self._judges[given.method].judge(challenge, given.code)
        if refusal is not None:
            return refusal
        grant = await self._complete(challenge, given.method, given.remember_device, self._now())
        if grant is None:
            return Closed.VOID
        decision = Decision(Outcome.COMPLETED, challenge.reason, challenge.policy_version, challenge.region)
        self._report(decision, challenge, given.method)
        return Verified(grant, decision)
