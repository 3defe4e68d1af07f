"""The port of every use case that knows an account by its id."""

from typing import Protocol
from uuid import UUID

from services.auth.domain.account import Account


class AccountsById(Protocol):
    async def find_by_id(self, account_id: UUID) -> Account | None:
        """Raises: DependencyUnavailable."""
