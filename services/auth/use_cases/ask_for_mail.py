"""Somebody with an authenticator app would rather have a mail, where the deployment lets it stand in."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.domain.challenge import Challenge
from services.auth.domain.factor import Method
from services.auth.use_cases.accounts_by_id import AccountsById
from services.auth.use_cases.verify_challenge import AccountClosed, ChallengeTokens, Closed, MethodNotOffered


class CodeNeeded:
    """A mail was sent for this challenge from the beginning: what is missing is its code."""


MailAnswer = Challenge | Closed | MethodNotOffered | CodeNeeded | AccountClosed


class AskForMail:
    def __init__(
        self,
        tokens: ChallengeTokens,
        accounts: AccountsById,
        mail_code: Callable[[Account, Challenge], Awaitable[None]],
    ) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._mail_code = mail_code

    async def __call__(self, challenge_id: UUID, token: str) -> MailAnswer:
        """Asking again sends nothing new: the same challenge has the same code and message. Raises:
        DependencyUnavailable."""
        challenge = self._tokens.read_challenge(token)
        if isinstance(challenge, Closed):
            return challenge
        if challenge.id != challenge_id:
            return Closed.UNKNOWN
        if challenge.methods[0] is Method.EMAIL_OTP:
            return CodeNeeded()
        if Method.EMAIL_OTP not in challenge.methods:
            return MethodNotOffered()
        account = await self._accounts.find_by_id(challenge.account_id)
        if account is None or not account.may_sign_in:
            return AccountClosed()
        if account.epoch != challenge.epoch:
            return Closed.VOID
        await self._mail_code(account, challenge)
        return challenge
