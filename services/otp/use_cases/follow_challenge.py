"""Where a challenge stands, and what became of its mails."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

from services.otp.domain.challenge import ChallengeRef, Status
from services.otp.domain.delivery import delivery_rank
from services.otp.domain.limits import Limits
from shared.events import EmailOutcome

QUIET_S: Final = 10.0
# A clock of ours that is ahead of the store's must not make us look without end.
LEAST_S: Final = 1.0
# When pub/sub was cut, all who wait look again at once: they must leave connections to those who type codes.
LOOKS_AT_ONCE: Final = 32
# No challenge lives longer: one without a code by then was never made.
LONGEST_WAIT_FOR_A_CODE: Final = timedelta(minutes=10)


class FollowingStore(Protocol):
    async def status(self, challenge: ChallengeRef, limits: Limits) -> Status | None:
        """None: no code has been issued (yet), or all of it is gone."""

    async def record_delivery(self, challenge: ChallengeRef, mail: int, rank: int, at: datetime) -> None:
        """Of a mail keep the higher rank, of equal ones the later; nothing happens for one that was not sent."""


class Changes(Protocol):
    over: bool
    """The service stops: nobody need wait any longer."""

    def watch(self, challenge: ChallengeRef) -> AbstractAsyncContextManager[asyncio.Event]:
        """The event is set whenever the challenge may have changed."""


class Quiet:
    """Nothing has changed for a while, and whoever waits is still heard."""


class FollowChallenge:
    def __init__(self, store: FollowingStore, changes: Changes, limits: Limits, now: Callable[[], datetime]) -> None:
        self._store = store
        self._changes = changes
        self._limits = limits
        self._now = now
        self._looking = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def status(self, challenge: ChallengeRef) -> Status | None:
        return await self._store.status(challenge, self._limits)

    async def changes(self, challenge: ChallengeRef) -> AsyncGenerator[Status | Quiet | None, None]:
        """How it stands now, then how it stands after each change, until it is over. Raises: DependencyUnavailable."""
        give_up_at = self._now() + LONGEST_WAIT_FOR_A_CODE
        shown: Status | Quiet | None = Quiet()
        async with self._changes.watch(challenge) as changed:
            while True:
                changed.clear()
                async with self._looking:
                    status = await self.status(challenge)
                if status != shown:
                    shown = status
                    yield status
                else:
                    yield Quiet()
                final = self._now() > give_up_at if status is None else status.state.final
                if final or self._changes.over:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience_s(status)):
                        await changed.wait()

    def _patience_s(self, status: Status | None) -> float:
        """Until the next look: nobody tells that a challenge expires."""
        if status is None:
            return QUIET_S
        left = (status.expires_at - self._now()).total_seconds()
        return min(QUIET_S, max(LEAST_S, left))

    async def record_outcome(self, outcome: EmailOutcome) -> None:
        if outcome.challenge_id is None:
            return
        challenge = ChallengeRef(outcome.account_id, outcome.challenge_id)
        for mail in range(self._limits.resends + 1):
            if challenge.message_id(mail) == outcome.message_id:
                rank = delivery_rank(outcome.outcome)
                await self._store.record_delivery(challenge, mail, rank, outcome.at)
