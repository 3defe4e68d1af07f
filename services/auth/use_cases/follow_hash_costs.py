"""Keeps the decoys in step with what the accounts' hashes cost."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from services.auth.domain.decoys import Decoys

EVERY_S: Final = 600.0  # an import of half the accounts shows for ten minutes at most


class FollowHashCosts:
    def __init__(self, count: Callable[[], Awaitable[Mapping[str, int]]], decoys: Decoys) -> None:
        self._count = count
        self._decoys = decoys

    async def __call__(self) -> None:
        """Raises: DependencyUnavailable; then the decoys stay as they are."""
        self._decoys.follow(await self._count())
