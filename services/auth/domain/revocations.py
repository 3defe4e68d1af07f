"""The sessions that were ended before their access tokens expire, as this instance knows them."""

import heapq
from datetime import datetime
from uuid import UUID


class Revocations:
    """A session is forgotten once its last access token has expired: it can do no harm any more."""

    def __init__(self) -> None:
        self._until: dict[UUID, datetime] = {}
        self._by_end: list[tuple[datetime, UUID]] = []

    def add(self, session_id: UUID, tokens_expire_at: datetime, now: datetime) -> bool:
        """Whether it was news, and still matters."""
        self._forget_until(now)
        if session_id in self._until or tokens_expire_at <= now:
            return False
        self._until[session_id] = tokens_expire_at
        heapq.heappush(self._by_end, (tokens_expire_at, session_id))
        return True

    def __contains__(self, session_id: UUID | None) -> bool:
        return session_id in self._until

    def __len__(self) -> int:
        return len(self._until)

    def _forget_until(self, now: datetime) -> None:
        while self._by_end and self._by_end[0][0] <= now:
            _, session_id = heapq.heappop(self._by_end)
            self._until.pop(session_id, None)
