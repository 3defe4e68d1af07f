"""Keeps the decoys in step with what the accounts' hashes cost, in the background."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from services.auth.domain.decoys import Decoys
from shared.unavailable import DependencyUnavailable

EVERY_S: Final = 600.0  # an import of half the accounts shows for ten minutes at most

_log = structlog.get_logger()


class FollowHashCosts:
    def __init__(
        self, count: Callable[[], Awaitable[Mapping[str, int]]], decoys: Decoys, every_s: float = EVERY_S
    ) -> None:
        """`count` may raise DependencyUnavailable: then the decoys stay as they are."""
        self._count = count
        self._decoys = decoys
        self._every_s = every_s

    async def keep(self) -> None:
        """Never returns."""
        while True:
            try:
                self._decoys.follow(await self._count())
            except DependencyUnavailable as missing:
                _log.warning("hash_costs_unknown", dependency=missing.dependency)
            await asyncio.sleep(self._every_s)
