"""Support lets an account have codes again that failed too often in a row."""

from typing import Protocol
from uuid import UUID


class UnlockingStore(Protocol):
    async def unlock(self, account_id: UUID) -> None:
        """Forget its failures in a row; its windows stay as they are. Raises: DependencyUnavailable."""


class UnlockAccount:
    def __init__(self, store: UnlockingStore) -> None:
        self._store = store

    async def __call__(self, account_id: UUID) -> None:
        await self._store.unlock(account_id)
