"""The outbox as the relay needs it: events that a committed transaction recorded and Kafka does not have yet."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.rollout.domain.region import Region
from shared.events import Event


@dataclass(frozen=True, slots=True)
class Pending:
    """An event in the outbox, `age_s` seconds old. `trace` holds the trace headers of what caused it."""

    id: int
    event: Event
    trace: Mapping[str, str]
    age_s: float


class RelaySession(Protocol):
    """One database session. Leadership ends with it at the latest; every method raises DependencyUnavailable."""

    async def lead(self) -> bool:
        """Try to become the leader; False: somebody else is."""

    async def next(self) -> Pending | None:
        """The oldest policy in the outbox; where there is none, the oldest event."""

    async def published(self, pending: Pending) -> None:
        """Take it out of the outbox."""

    async def settled(self) -> list[Region]:
        """Regions of which nothing waits in the outbox: what they are now has been published before."""


class Outbox(Protocol):
    def session(self, wake: Callable[[], None]) -> AbstractAsyncContextManager[RelaySession]:
        """Calls `wake` whenever something was added to the outbox, and when the session breaks."""
