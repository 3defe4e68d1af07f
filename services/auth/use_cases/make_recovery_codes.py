"""The owner of an account asks for ten new recovery codes; whatever was printed before is void."""

from typing import Protocol
from uuid import UUID

from services.auth.domain.recovery_code import RandomBytes, fresh_recovery_codes


class KeepsRecoveryCodes(Protocol):
    async def replace(self, account_id: UUID, codes: tuple[str, ...]) -> None:
        """Raises: DependencyUnavailable."""


class MakeRecoveryCodes:
    def __init__(self, kept: KeepsRecoveryCodes, random_bytes: RandomBytes) -> None:
        self._kept = kept
        self._random_bytes = random_bytes

    async def __call__(self, account_id: UUID) -> tuple[str, ...]:
        """The only time that they can be read."""
        codes = fresh_recovery_codes(self._random_bytes)
        await self._kept.replace(account_id, codes)
        return codes
