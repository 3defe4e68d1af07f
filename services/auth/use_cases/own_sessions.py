"""The owner ends sessions of their own, which may be all of them."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.audit import Action, AuditEntry, owner
from services.auth.domain.session import Session
from services.auth.use_cases.announce_endings import AnnounceEndings


class SessionList(Protocol):
    async def living(self, account_id: UUID, now: datetime) -> list[Session]:
        """Newest use first. Raises: DependencyUnavailable."""

    async def end(self, entry: AuditEntry, now: datetime, only: UUID | None = None) -> tuple[UUID, ...]:
        """All of the account's, or `only` one; the ids of those that lived. Raises: DependencyUnavailable."""


class OwnSessions:
    def __init__(self, sessions: SessionList, announce: AnnounceEndings, now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._announce = announce
        self._now = now

    async def all(self, account_id: UUID) -> list[Session]:
        return await self._sessions.living(account_id, self._now())

    async def end(self, account_id: UUID, only: UUID | None = None) -> int:
        """How many ended; other instances refuse their access tokens within a second."""
        now = self._now()
        detail = {"session": str(only) if only else None}
        entry = AuditEntry(owner(account_id), Action.SESSION_REVOKED, account_id, None, detail)
        ended = await self._sessions.end(entry, now, only)
        await self._announce(ended, now)
        return len(ended)
