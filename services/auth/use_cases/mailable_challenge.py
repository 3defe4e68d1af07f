"""Somebody wants a mail for a challenge: is it theirs, is it answered by mail, and whose is it?"""

from dataclasses import dataclass
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.domain.challenge import Challenge
from services.auth.domain.factor import Method
from services.auth.use_cases.accounts_by_id import AccountsById
from services.auth.use_cases.verify_challenge import AccountClosed, ChallengeTokens, Closed, MethodNotOffered


@dataclass(frozen=True, slots=True)
class Mailable:
    account: Account
    challenge: Challenge


NotMailable = Closed | MethodNotOffered | AccountClosed


class MailableChallenge:
    def __init__(self, tokens: ChallengeTokens, accounts: AccountsById) -> None:
        self._tokens = tokens
        self._accounts = accounts

    async def __call__(self, challenge_id: UUID, token: str) -> Mailable | NotMailable:
        """Raises: DependencyUnavailable."""
        challenge = self._tokens.read_challenge(token)
        if isinstance(challenge, Closed):
            return challenge
        if challenge.id != challenge_id:
            return Closed.UNKNOWN
        if Method.EMAIL_OTP not in challenge.methods:
            return MethodNotOffered()
        account = await self._accounts.find_by_id(challenge.account_id)
        if account is None or not account.may_sign_in:
            return AccountClosed()
        if account.epoch != challenge.epoch:
            return Closed.VOID
        return Mailable(account, challenge)
