"""A challenge is over: say so, once for each, whoever ended it and whoever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol

from services.otp.domain.challenge import ChallengeRef, End, Ended
from shared.events import ChallengeClosed
from shared.telemetry import trace_headers
from shared.unavailable import DependencyUnavailable

# While Kafka is slow; of what is more the overdue ends tell.
MOST_WAITING: Final = 10_000

# Events, each with the trace headers of what it follows from → of each whether it is on Kafka.
PublishAll = Callable[[Sequence[tuple[ChallengeClosed, Mapping[str, str]]]], Awaitable[list[bool]]]


class EndStore(Protocol):
    """Keeps every end from the moment it happens until it has been told."""

    def overdue(self) -> AsyncIterator[list[Ended]]:
        """Ends that nobody told in time, and challenges that are over because of their age; each taken up for a while,
        so that no other instance gets it as well. Raises: DependencyUnavailable."""

    async def forget(self, told: Sequence[Ended]) -> None:
        """Raises: DependencyUnavailable."""


class TellEnds:
    """Who notices an end tells of it soon, with all others that came meanwhile: together they cost less CPU than one by
    one. What is lost on that way is found among the overdue ends by any instance; consumers may then see it twice, with
    the same id."""

    def __init__(self, store: EndStore, publish_all: PublishAll) -> None:
        self._store = store
        self._publish_all = publish_all
        self._waiting: list[tuple[ChallengeClosed, Mapping[str, str]]] = []
        self._told: list[Ended] = []

    def __call__(self, ended: Ended) -> None:
        """Returns at once."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((_event(ended), trace_headers()))

    async def tell(self) -> None:
        """What came since the last call."""
        waiting, self._waiting = self._waiting, []
        with suppress(DependencyUnavailable):  # a sweep finds them, and says what is missing
            await self._tell(waiting)

    async def sweep(self) -> None:
        """More often than an end that was told becomes due again. Raises: DependencyUnavailable."""
        with suppress(DependencyUnavailable):
            await self._forget()
        async for some in self._store.overdue():
            await self._tell([(_event(ended), {}) for ended in some])
            with suppress(DependencyUnavailable):
                await self._forget()  # before the first of them are due again: there may be many

    async def stop(self, deadline_s: float = 2.0) -> None:
        """What is not told by then another instance tells."""
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await self.tell()
        with suppress(DependencyUnavailable):
            await self._forget()

    async def _tell(self, some: Sequence[tuple[ChallengeClosed, Mapping[str, str]]]) -> None:
        on_kafka = await self._publish_all(some)
        self._told += [_ended(closed) for (closed, _), told in zip(some, on_kafka, strict=True) if told]
        if not all(on_kafka):
            raise DependencyUnavailable("kafka")

    async def _forget(self) -> None:
        """All at once: a call for each slot, not for each login."""
        told, self._told = self._told, []
        await self._store.forget(told)


def _ended(closed: ChallengeClosed) -> Ended:
    return Ended(ChallengeRef(closed.account_id, closed.challenge_id), End(closed.end), closed.attempts)


def _event(ended: Ended) -> ChallengeClosed:
    return ChallengeClosed(
        challenge_id=ended.challenge.challenge_id,
        account_id=ended.challenge.account_id,
        end=ended.end.value,
        attempts=ended.attempts,
    )
