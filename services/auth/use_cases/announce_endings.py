"""Sessions that ended before their time: every instance must refuse their access tokens within a second.

What is written in PostgreSQL is the truth. This instance knows at once, the others by an event; whatever could not
be published is found in the table and published later. An instance that starts, or that has lost Kafka, reads the
table instead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog

from services.auth.domain.revocations import Revocations
from shared.events import SessionRevoked
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()

EVERY_S: Final = 0.5
TOPIC_IS_STALE_S: Final = 5.0  # looked at every 2 s (shared/table_reader.py)
AT_ONCE: Final = 200
MOST_AT_A_TIME: Final = 2_000  # of a backlog; the rest comes next time
SKEW: Final = timedelta(minutes=1)  # an instance whose clock is ahead signs tokens that end so much later
LONGEST: Final = timedelta(hours=2)  # whatever an event says: no access token lives that long
OVERLAP: Final = timedelta(seconds=30)  # a transaction may become visible this much after its time stamp


class RevokedSessions(Protocol):
    async def revoked_since(
        self, since: datetime, *, unannounced: bool, most: int | None = None
    ) -> list[tuple[UUID, datetime]]:
        """(session id, when it was revoked), oldest first. Raises: DependencyUnavailable."""

    async def announced(self, session_ids: Sequence[UUID], at: datetime) -> None:
        """Kafka has them. Raises: DependencyUnavailable."""


class AnnounceEndings:
    def __init__(
        self,
        revocations: Revocations,
        store: RevokedSessions,
        publish: Callable[[SessionRevoked], Awaitable[None]],
        access_life: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._revocations = revocations
        self._store = store
        self._publish = publish
        self._access_life = access_life + SKEW
        self._now = now
        self._loaded = False

    async def __call__(self, session_ids: Sequence[UUID], at: datetime) -> None:
        """Never fails: what this instance cannot tell now is told by `keep_up`."""
        for session_id in session_ids:
            self._revocations.add(session_id, at + self._access_life, at)
        try:
            await self._tell([(session_id, at) for session_id in session_ids])
        except DependencyUnavailable:
            _log.warning("revocation_told_later", sessions=len(session_ids))

    def apply(self, event: SessionRevoked) -> None:
        now = self._now()
        self._revocations.add(event.session_id, min(event.tokens_expire_at, now + LONGEST), now)

    def unreadable(self, key: str) -> None:
        """A revocation that is not what it should be still says by its key which session ended."""
        with suppress(ValueError):
            now = self._now()
            self._revocations.add(UUID(key), now + self._access_life, now)

    async def keep_up(self, whole_topic: asyncio.Event, staleness_s: Callable[[], float | None]) -> None:
        """To be done again and again: publish what is not, and read the table where Kafka tells us nothing. Raises:
        DependencyUnavailable."""
        stale = staleness_s()
        if not self._loaded or stale is None or stale > TOPIC_IS_STALE_S:
            await self._read_table()
        self._loaded = self._loaded or whole_topic.is_set()
        untold = await self._store.revoked_since(self._horizon(), unannounced=True, most=MOST_AT_A_TIME)
        await self._tell(untold)

    async def ready(self) -> bool:
        """Whether what was revoked before this instance started is known to it."""
        return self._loaded

    async def _read_table(self) -> None:
        now = self._now()
        for session_id, at in await self._store.revoked_since(self._horizon(), unannounced=False):
            self._revocations.add(session_id, at + self._access_life, now)
        self._loaded = True

    async def _tell(self, revoked: Sequence[tuple[UUID, datetime]]) -> None:
        """In batches: what Kafka has is marked so, whatever becomes of the rest."""
        for start in range(0, len(revoked), AT_ONCE):
            batch = revoked[start : start + AT_ONCE]
            await asyncio.gather(*(self._publish(self._event(session_id, at)) for session_id, at in batch))
            await self._store.announced([session_id for session_id, _ in batch], self._now())

    def _event(self, session_id: UUID, at: datetime) -> SessionRevoked:
        return SessionRevoked(session_id=session_id, revoked_at=at, tokens_expire_at=at + self._access_life)

    def _horizon(self) -> datetime:
        return self._now() - self._access_life - OVERLAP
