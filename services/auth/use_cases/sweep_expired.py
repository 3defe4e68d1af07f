"""What can do nothing any more is deleted, a little at a time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

# An instance whose clock is behind ours may take a challenge for open that we take for over.
SPENT_KEPT: Final = timedelta(hours=1)
ENDED_KEPT: Final = timedelta(days=30)  # whose replayed token is told from a token that never was


class Expired(Protocol):
    """Each deletes at most `most` and says how many. Raises: DependencyUnavailable."""

    async def delete_spent_challenges(self, expired_before: datetime, most: int) -> int: ...

    async def delete_sessions(self, ended_before: datetime, most: int) -> int: ...

    async def delete_devices(self, ended_before: datetime, most: int) -> int: ...


class SweepExpired:
    """Any number of instances may sweep at once. `most` rows are locked at a time, so that nobody waits for it."""

    def __init__(self, expired: Expired, now: Callable[[], datetime], most: int = 500) -> None:
        self._expired = expired
        self._now = now
        self._most = most

    async def __call__(self) -> int:
        """How many rows are gone."""
        now = self._now()
        sweeps = (
            (self._expired.delete_spent_challenges, now - SPENT_KEPT),
            (self._expired.delete_sessions, now - ENDED_KEPT),
            (self._expired.delete_devices, now - ENDED_KEPT),
        )
        gone = 0
        for delete, before in sweeps:
            while deleted := await delete(before, self._most):
                gone += deleted
        return gone
