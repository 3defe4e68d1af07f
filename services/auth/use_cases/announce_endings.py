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
OVERLAP: Final = timedelta(seconds=30)  # a transaction may become visible this much after its time stamp


class RevokedSessions(Protocol):
    async def revoked_since(self, since: datetime, *, unannounced: bool) -> list[tuple[UUID, datetime]]:
        """(session id, when it was revoked). Raises: DependencyUnavailable."""

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
        self._access_life = access_life
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
        self._revocations.add(event.session_id, event.tokens_expire_at, self._now())

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
        await self._tell(await self._store.revoked_since(self._horizon(), unannounced=True))

    async def ready(self) -> bool:
        """Whether what was revoked before this instance started is known to it."""
        return self._loaded

    async def _read_table(self) -> None:
        now = self._now()
        for session_id, at in await self._store.revoked_since(self._horizon(), unannounced=False):
            self._revocations.add(session_id, at + self._access_life, now)
        self._loaded = True

    async def _tell(self, revoked: Sequence[tuple[UUID, datetime]]) -> None:
        if not revoked:
            return
        await asyncio.gather(*(self._publish(self._event(session_id, at)) for session_id, at in revoked))
        await self._store.announced([session_id for session_id, _ in revoked], self._now())

    def _event(self, session_id: UUID, at: datetime) -> SessionRevoked:
        return SessionRevoked(session_id=session_id, revoked_at=at, tokens_expire_at=at + self._access_life)

    def _horizon(self) -> datetime:
        return self._now() - self._access_life - OVERLAP
