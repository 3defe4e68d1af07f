"""The owner of an account gives up the authenticator app; from then on the account is treated as its region is."""

from typing import Protocol
from uuid import UUID

from services.auth.use_cases.tell_factor_changed import ChangedFactor, TellFactorChanged


class TotpRemovals(Protocol):
    async def remove(self, account_id: UUID) -> bool:
        """The factor and a secret that was only offered; nothing happens where there is neither. Whether the factor
        was in use. Raises: DependencyUnavailable.
        """


class RemoveTotp:
    def __init__(self, removals: TotpRemovals, changed: TellFactorChanged) -> None:
        self._removals = removals
        self._changed = changed

    async def __call__(self, account_id: UUID, product: str) -> None:
        """`product`: the one that the owner does it with; told by mail."""
        if await self._removals.remove(account_id):
            await self._changed(ChangedFactor.TOTP, account_id, product)
