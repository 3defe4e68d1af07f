"""A challenge is over: say so, once for each, whoever ended it and whoever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from services.otp.domain.challenge import ChallengeRef, End, Ended
from shared.events import ChallengeClosed
from shared.publish_later import PublishLater
from shared.unavailable import DependencyUnavailable


class EndStore(Protocol):
    """Keeps every end from the moment it happens until it has been told."""

    def overdue(self) -> AsyncIterator[list[Ended]]:
        """Ends that nobody told in time, and challenges that are over because of their age; each taken up for a while,
        so that no other instance gets it as well. Raises: DependencyUnavailable."""

    async def forget(self, told: Sequence[Ended]) -> None:
        """Raises: DependencyUnavailable."""


class TellEnds:
    """Who notices an end tells of it at once. What is lost on that way is found among the overdue ends by any instance;
    consumers may then see it twice, with the same id."""

    def __init__(self, store: EndStore, publish: Callable[[ChallengeClosed], Awaitable[None]]) -> None:
        self._store = store
        self._publish = publish
        self._later = PublishLater(self._tell, lambda _: None)
        self._told: list[Ended] = []

    def __call__(self, ended: Ended) -> None:
        """Returns at once."""
        self._later(_event(ended))

    async def sweep(self) -> None:
        """More often than an end that was told becomes due again. Raises: DependencyUnavailable."""
        with suppress(DependencyUnavailable):
            await self._forget()
        async for some in self._store.overdue():
            await asyncio.gather(*(self._tell(_event(ended)) for ended in some))
        await self._forget()

    async def stop(self, deadline_s: float = 2.0) -> None:
        await self._later.stop(deadline_s)
        with suppress(DependencyUnavailable):  # then another instance tells them again
            await self._forget()

    async def _tell(self, closed: ChallengeClosed) -> None:
        await self._publish(closed)
        challenge = ChallengeRef(closed.account_id, closed.challenge_id)
        self._told.append(Ended(challenge, End(closed.end), closed.attempts))

    async def _forget(self) -> None:
        """All at once: a call for each slot, not for each login."""
        told, self._told = self._told, []
        await self._store.forget(told)


def _event(ended: Ended) -> ChallengeClosed:
    return ChallengeClosed(
        challenge_id=ended.challenge.challenge_id,
        account_id=ended.challenge.account_id,
        end=ended.end.value,
        attempts=ended.attempts,
    )
