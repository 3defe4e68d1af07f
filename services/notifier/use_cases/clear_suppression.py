"""Look an address up in the suppression list, and take it off: support's work."""

from typing import Protocol

import structlog

from services.notifier.domain.suppression import AddressHashes, Suppression
from services.notifier.use_cases.tell_suppressed import TellSuppressed

_log = structlog.get_logger()

SHOWN_OF_HASH = 12


class ListsSuppressions(Protocol):
    """Raises DependencyUnavailable."""

    async def of(self, address: str) -> Suppression | None: ...

    async def remove(self, address: str) -> bool:
        """Whether it was on the list."""


class ClearSuppression:
    def __init__(self, suppressions: ListsSuppressions, hashes: AddressHashes, tell: TellSuppressed) -> None:
        self._suppressions = suppressions
        self._hashes = hashes
        self._tell = tell

    async def __call__(self, address: str, operator: str, reason: str) -> bool:
        """Whether it was on the list. Who did it and why stands in the log; of the address, the beginning of its hash.

        Raises: DependencyUnavailable.
        """
        cleared = await self._suppressions.remove(address)
        await self._tell.cleared(address)
        shown = self._hashes.current(address)[:SHOWN_OF_HASH]
        _log.info("suppression_cleared", address_hash=shown, operator=operator, reason=reason, cleared=cleared)
        return cleared
