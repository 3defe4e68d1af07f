"""A refresh token came in: rotate it, or find out why not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.auth.domain.rotating_token import OpaqueToken
from services.auth.domain.session import REFRESH_PREFIX, Session
from services.auth.use_cases.announce_endings import AnnounceEndings
from services.auth.use_cases.tell_owner import TellOwner
from shared.events import NoticeKind


class Ended(StrEnum):
    """Why a refresh token gives nothing any more."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ACCOUNT_CLOSED = "account-closed"


@dataclass(frozen=True, slots=True)
class Refreshed:
    session: Session
    token: OpaqueToken = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A token from the past: somebody else has a copy, so that the session has ended for everybody."""

    session: Session


class RefreshableSessions(Protocol):
    async def refresh(self, token: OpaqueToken, now: datetime) -> Refreshed | Replayed | Ended:
        """One atomic step; a replay is recorded and the session ended. Raises: DependencyUnavailable."""


class RefreshSession:
    """Needs PostgreSQL alone: neither Kafka nor Redis nor mail."""

    def __init__(
        self,
        sessions: RefreshableSessions,
        announce: AnnounceEndings,
        tell: TellOwner,
        now: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._announce = announce
        self._tell = tell
        self._now = now

    async def __call__(self, text: str) -> Refreshed | Replayed | Ended:
        token = OpaqueToken.parse(text, REFRESH_PREFIX)
        if token is None:
            return Ended.UNKNOWN
        now = self._now()
        result = await self._sessions.refresh(token, now)
        if isinstance(result, Replayed):
            await self._announce([result.session.id], now)
            await self._tell(NoticeKind.SESSION_STOLEN, result.session.account_id, now)
        return result
