"""The owner of an account asks for ten new recovery codes; whatever was printed before is void."""

from typing import Protocol
from uuid import UUID

from services.auth.domain.recovery_code import RandomBytes, fresh_recovery_codes
from services.auth.use_cases.tell_factor_changed import ChangedFactor, TellFactorChanged


class KeepsRecoveryCodes(Protocol):
    async def replace(self, account_id: UUID, codes: tuple[str, ...]) -> None:
        """Raises: DependencyUnavailable."""


class MakeRecoveryCodes:
    def __init__(self, kept: KeepsRecoveryCodes, random_bytes: RandomBytes, changed: TellFactorChanged) -> None:
        self._kept = kept
        self._random_bytes = random_bytes
        self._changed = changed

    async def __call__(self, account_id: UUID, product: str) -> tuple[str, ...]:
        """The only time that they can be read. `product`: the one that the owner does it with; told by mail."""
        codes = fresh_recovery_codes(self._random_bytes)
        await self._kept.replace(account_id, codes)
        await self._changed(ChangedFactor.RECOVERY_CODES, account_id, product)
        return codes
