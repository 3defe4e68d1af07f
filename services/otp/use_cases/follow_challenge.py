"""Where a challenge stands, and what became of its mail."""

from datetime import datetime
from typing import Protocol

from services.otp.domain.challenge import ChallengeRef, Status, delivery_rank
from services.otp.domain.guess_limits import GuessLimits
from shared.events import EmailOutcome


class FollowingStore(Protocol):
    async def status(self, challenge: ChallengeRef, limits: GuessLimits) -> Status | None:
        """None: no code has been issued (yet), or all of it is gone."""

    async def record_delivery(self, challenge: ChallengeRef, rank: int, at: datetime) -> None:
        """Keep the higher rank, of equal ones the later; nothing happens for a challenge that is gone."""


class FollowChallenge:
    def __init__(self, store: FollowingStore, limits: GuessLimits) -> None:
        self._store = store
        self._limits = limits

    async def status(self, challenge: ChallengeRef) -> Status | None:
        return await self._store.status(challenge, self._limits)

    async def record_outcome(self, outcome: EmailOutcome) -> None:
        if outcome.challenge_id is not None:
            challenge = ChallengeRef(outcome.account_id, outcome.challenge_id)
            await self._store.record_delivery(challenge, delivery_rank(outcome.outcome), outcome.at)
