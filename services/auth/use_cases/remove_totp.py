"""The owner of an account gives up the authenticator app; from then on the account is treated as its region is."""

from typing import Protocol
from uuid import UUID


class TotpRemovals(Protocol):
    async def remove(self, account_id: UUID) -> None:
        """The factor and a secret that was only offered; nothing happens where there is neither.

        Raises: DependencyUnavailable.
        """


class RemoveTotp:
    def __init__(self, removals: TotpRemovals) -> None:
        self._removals = removals

    async def __call__(self, account_id: UUID) -> None:
        await self._removals.remove(account_id)
