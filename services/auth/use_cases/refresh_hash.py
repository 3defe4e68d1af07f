"""After a login with a hash of another scheme or cost, ours takes its place; the login neither waits nor fails."""

import asyncio
from typing import Final, Protocol
from uuid import UUID

import structlog

from services.auth.domain.account import Account

# Each keeps a password in memory until there is a worker; whoever finds no place is refreshed by a later login.
AT_ONCE: Final = 4

_log = structlog.get_logger()


class Rehashes(Protocol):
    def needs_rehash(self, password_hash: str) -> bool:
        """Whether it is not as we would make it today."""

    async def hash(self, password: str) -> str: ...


class ReplacesHashes(Protocol):
    async def replace_hash(self, account_id: UUID, old_hash: str, new_hash: str) -> bool:
        """Compare and set: nothing happens where the password was changed meanwhile."""


class RefreshHash:
    def __init__(self, accounts: ReplacesHashes, passwords: Rehashes) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, account: Account, password: str) -> None:
        """Call it only after `password` was found right; returns at once."""
        stored = account.password_hash
        if stored is None or len(self._running) >= AT_ONCE or not self._passwords.needs_rehash(stored):
            return
        task = asyncio.create_task(self._refresh(account.id, stored, password))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def settle(self) -> None:
        """Returns when what was begun is done; before the passwords and the accounts are closed."""
        await asyncio.gather(*self._running)

    async def _refresh(self, account_id: UUID, old_hash: str, password: str) -> None:
        try:
            new_hash = await self._passwords.hash(password)
            replaced = await self._accounts.replace_hash(account_id, old_hash, new_hash)
        except Exception as error:  # whatever it is: the old hash still serves
            _log.warning("hash_not_refreshed", error=type(error).__name__)
            return
        _log.info("hash_refreshed", replaced=replaced)
