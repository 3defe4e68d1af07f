"""Somebody waits for a code: where does the challenge stand, and what became of the mail?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.challenge import Challenge
from services.auth.use_cases.verify_challenge import ChallengeTokens, Closed


@dataclass(frozen=True, slots=True)
class Progress:
    """`state`: pending, open, verified, locked or expired. `attempts_remaining` is None while pending."""

    state: str
    delivery_state: str
    delivery_at: datetime | None
    attempts_remaining: int | None
    expires_at: datetime


class ProgressSource(Protocol):
    async def progress(self, challenge: Challenge) -> Progress | None:
        """None: there is no code yet. Raises: DependencyUnavailable."""


class FollowChallenge:
    def __init__(self, tokens: ChallengeTokens, source: ProgressSource) -> None:
        self._tokens = tokens
        self._source = source

    async def __call__(self, challenge_id: UUID, token: str) -> Progress | Closed:
        challenge = self._tokens.read_challenge(token)
        if isinstance(challenge, Closed):
            return challenge
        if challenge.id != challenge_id:
            return Closed.UNKNOWN
        found = await self._source.progress(challenge)
        return found or Progress("pending", "queued", None, None, challenge.expires_at)
