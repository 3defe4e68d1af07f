"""Somebody waits for a code: where does the challenge stand, and what became of the mail?"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from services.auth.domain.challenge import Challenge
from services.auth.use_cases.verify_challenge import ChallengeTokens, Closed

_GOING_ON: Final = frozenset({"pending", "open"})


@dataclass(frozen=True, slots=True)
class Progress:
    """`state`: pending, open, or how it ended: verified, locked, expired, void, refused, disabled.

    `attempts_remaining` is None while pending. `resend_available_at` None: no resend is offered. `retry_at`: when
    refused, from then on a login is mailed a code again; while open, the account's guesses are used up until then.
    """

    state: str
    delivery_state: str
    delivery_at: datetime | None
    attempts_remaining: int | None
    expires_at: datetime
    resend_available_at: datetime | None = None
    retry_at: datetime | None = None

    @property
    def final(self) -> bool:
        return self.state not in _GOING_ON


class Quiet:
    """Nothing has changed for a while, and the OTP service still answers."""


Changes = AsyncGenerator[Progress | Quiet, None]


@dataclass(frozen=True, slots=True)
class Followed:
    """`changes`: as it stands now, and again after each change, until it is over. Raises, while it is read:
    DependencyUnavailable."""

    account_id: UUID
    changes: Changes


class ProgressSource(Protocol):
    async def progress(self, challenge: Challenge) -> Progress | None:
        """None: there is no code yet. Raises: DependencyUnavailable."""

    def changes(self, challenge: Challenge) -> AsyncGenerator[Progress | Quiet | None, None]:
        """As it stands now, and again after each change. None: there is no code yet. Raises: DependencyUnavailable."""


class FollowChallenge:
    def __init__(self, tokens: ChallengeTokens, source: ProgressSource, now: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._source = source
        self._now = now

    async def __call__(self, challenge_id: UUID, token: str) -> Progress | Closed:
        """Raises: DependencyUnavailable."""
        challenge = self._read(challenge_id, token)
        if isinstance(challenge, Closed):
            return challenge
        return await self._source.progress(challenge) or _pending(challenge)

    def changes(self, challenge_id: UUID, token: str) -> Followed | Closed:
        challenge = self._read(challenge_id, token)
        if isinstance(challenge, Closed):
            return challenge
        return Followed(challenge.account_id, self._changes(challenge))

    def _read(self, challenge_id: UUID, token: str) -> Challenge | Closed:
        challenge = self._tokens.read_challenge(token)
        if isinstance(challenge, Closed) or challenge.id == challenge_id:
            return challenge
        return Closed.UNKNOWN

    async def _changes(self, challenge: Challenge) -> Changes:
        async with aclosing(self._source.changes(challenge)) as changes:
            async for found in changes:
                shown = found or _pending(challenge)
                yield shown
                # Of a challenge that never got a code, nobody tells that it has expired.
                if (isinstance(shown, Progress) and shown.final) or self._now() >= challenge.expires_at:
                    return


def _pending(challenge: Challenge) -> Progress:
    return Progress("pending", "queued", None, None, challenge.expires_at)
