"""A challenge is over: mails with its code that are still to be sent help nobody."""

from typing import Protocol
from uuid import UUID

from shared.events import ChallengeClosed


class ClosesChallenges(Protocol):
    async def close(self, challenge_id: UUID) -> None:
        """Raises: DependencyUnavailable."""


class CloseChallenge:
    def __init__(self, claims: ClosesChallenges) -> None:
        self._claims = claims

    async def __call__(self, closed: ChallengeClosed) -> None:
        """Raises: DependencyUnavailable."""
        if closed.end != "expired":  # a mail knows by itself when its code expires
            await self._claims.close(closed.challenge_id)
