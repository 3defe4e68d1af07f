"""A challenge is over: say so, once for each, whoever ended it and whoever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from services.otp.domain.challenge import ChallengeRef, End, Ended
from shared.events import ChallengeClosed
from shared.publish_later import PublishLater


class EndStore(Protocol):
    """Keeps every end from the moment it happens until it has been told."""

    def overdue(self) -> AsyncIterator[list[Ended]]:
        """Ends that nobody told in time, and challenges that are over because of their age; each taken up for a while,
        so that no other instance gets it as well. Raises: DependencyUnavailable."""

    async def forget(self, ended: Ended) -> None:
        """It has been told. Raises: DependencyUnavailable."""


class TellEnds:
    """Who notices an end tells of it at once. What is lost on that way is found among the overdue ends by any instance;
    consumers may then see it twice, with the same id."""

    def __init__(self, store: EndStore, publish: Callable[[ChallengeClosed], Awaitable[None]]) -> None:
        self._store = store
        self._publish = publish
        self._later = PublishLater(self._tell, lambda _: None)

    def __call__(self, ended: Ended) -> None:
        """Returns at once."""
        self._later(_event(ended))

    async def sweep(self) -> None:
        """Raises: DependencyUnavailable."""
        async for some in self._store.overdue():
            await asyncio.gather(*(self._tell(_event(ended)) for ended in some))

    async def stop(self, deadline_s: float = 2.0) -> None:
        await self._later.stop(deadline_s)

    async def _tell(self, closed: ChallengeClosed) -> None:
        await self._publish(closed)
        challenge = ChallengeRef(closed.account_id, closed.challenge_id)
        await self._store.forget(Ended(challenge, End(closed.end), closed.attempts))


def _event(ended: Ended) -> ChallengeClosed:
    return ChallengeClosed(
        challenge_id=ended.challenge.challenge_id,
        account_id=ended.challenge.account_id,
        end=ended.end.value,
        attempts=ended.attempts,
    )
