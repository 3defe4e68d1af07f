"""What the owner of an account can prove more than a password with."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Factors:
    username: str = field(repr=False)
    email: str = field(repr=False)
    totp: bool
    recovery_codes_left: int


class FactorSource(Protocol):
    async def of(self, account_id: UUID) -> Factors:
        """Raises: DependencyUnavailable."""


class ShowFactors:
    def __init__(self, source: FactorSource) -> None:
        self._source = source

    async def __call__(self, account_id: UUID) -> Factors:
        return await self._source.of(account_id)
