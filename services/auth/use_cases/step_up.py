"""Somebody who is known already is asked once more: by a trusted caller, or inside a session of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.domain.challenge import Client
from services.auth.domain.decision import Decision, Outcome, Reason
from services.auth.domain.region_policy import RegionPolicies
from services.auth.use_cases.accounts_by_id import AccountsById
from services.auth.use_cases.admit_account import Admission, AdmitAccount, Challenged, Refused, Reports
from services.auth.use_cases.challenge_account import Asked, ChallengeAccount


class NoChallenge(StrEnum):
    UNKNOWN_ACCOUNT = "unknown-account"


@dataclass(frozen=True, slots=True)
class StepUpAsked:
    """`session_id`: the session of the owner who asks."""

    account_id: UUID
    purpose: str
    client: Client
    session_id: UUID | None = None


class StepUp:
    """Asked for by name, so that no region spares anybody: whoever has no app gets a mail."""

    def __init__(
        self,
        accounts: AccountsById,
        policies: RegionPolicies,
        challenge: ChallengeAccount,
        report: Reports,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._policies = policies
        self._challenge = challenge
        self._report = report
        self._now = now

    async def __call__(self, asked: StepUpAsked) -> Challenged | Refused | NoChallenge:
        """Raises: DependencyUnavailable."""
        account = await self._accounts.find_by_id(asked.account_id)
        if account is None:
            return NoChallenge.UNKNOWN_ACCOUNT
        answer = await self._ask(account, asked)
        challenge_id = answer.challenge.id if isinstance(answer, Challenged) else None
        self._report(answer.decision, account.id, asked.client.product, challenge_id)
        return answer

    async def _ask(self, account: Account, asked: StepUpAsked) -> Challenged | Refused:
        if not account.may_sign_in:
            reason = Reason.USE_SSO if account.sso else Reason.ACCOUNT_LOCKED
            return Refused(Decision(Outcome.REFUSED, reason, None, account.region))
        policy = self._policies.of(account.region)
        decision = Decision(Outcome.CHALLENGED, Reason.STEP_UP, policy.version if policy else None, account.region)
        made_for = Asked(decision, asked.client, asked.purpose, asked.session_id)
        return Challenged(decision, await self._challenge(account, made_for, self._now()))


class SignInVouched:
    """A company that keeps its own password check says that it was right; all that follows is as in a login."""

    def __init__(self, accounts: AccountsById, admit: AdmitAccount, now: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._admit = admit
        self._now = now

    async def __call__(self, account_id: UUID, client: Client) -> Admission | NoChallenge:
        """Raises: DependencyUnavailable."""
        account = await self._accounts.find_by_id(account_id)
        if account is None:
            return NoChallenge.UNKNOWN_ACCOUNT
        return await self._admit(account, client, None, self._now())
