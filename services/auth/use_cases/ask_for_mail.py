"""Somebody with an authenticator app would rather have a mail, where the deployment lets it stand in."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.domain.challenge import Challenge
from services.auth.domain.factor import Method
from services.auth.use_cases.follow_challenge import Progress
from services.auth.use_cases.mailable_challenge import Mailable, MailableChallenge, NotMailable
from shared.unavailable import DependencyUnavailable


class CodeNeeded:
    """A mail was sent for this challenge from the beginning: what is missing is its code."""


MailAnswer = Challenge | NotMailable | CodeNeeded


class AskForMail:
    """`progress`: None while the OTP service has no code for it; whoever has one is mailed already."""

    def __init__(
        self,
        mailable: MailableChallenge,
        mail_code: Callable[[Account, Challenge], Awaitable[None]],
        progress: Callable[[Challenge], Awaitable[Progress | None]],
    ) -> None:
        self._mailable = mailable
        self._mail_code = mail_code
        self._progress = progress

    async def __call__(self, challenge_id: UUID, token: str) -> MailAnswer:
        """Asking again sends nothing new: the same challenge has the same code and message. Raises:
        DependencyUnavailable."""
        found = await self._mailable(challenge_id, token)
        if not isinstance(found, Mailable):
            return found
        if found.challenge.methods[0] is Method.EMAIL_OTP:
            return CodeNeeded()
        if not await self._mailed(found.challenge):
            await self._mail_code(found.account, found.challenge)
        return found.challenge

    async def _mailed(self, challenge: Challenge) -> bool:
        with suppress(DependencyUnavailable):  # then it is asked for on Kafka, which keeps it
            return await self._progress(challenge) is not None
        return False
