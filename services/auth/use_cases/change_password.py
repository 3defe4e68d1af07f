"""The owner wants another password: the old one is asked for once more."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.domain.audit import Action, AuditEntry, owner
from services.auth.use_cases.accounts_by_id import AccountsById
from services.auth.use_cases.announce_endings import AnnounceEndings
from services.auth.use_cases.tell_owner import SendsNotice
from services.auth.use_cases.throttle_passwords import Throttled, ThrottlePasswords
from shared.events import NoticeKind

CHANGE_PASSWORD: Final = "change-password"  # noqa: S105 - a name


class PasswordChanged(StrEnum):
    DONE = "done"
    WRONG = "wrong"


class HashesPasswords(Protocol):
    async def verify(self, password_hash: str, password: str) -> bool:
        """Raises: DependencyUnavailable."""

    async def hash(self, password: str) -> str: ...


class PasswordStore(Protocol):
    async def change_password(
        self, account: Account, password_hash: str, entry: AuditEntry, now: datetime, keep: UUID | None
    ) -> tuple[UUID, ...] | None:
        """Devices end, and all sessions but `keep`; the ids of those. None: the account has another password by now.
        Raises: DependencyUnavailable."""


class ChangePassword:
    def __init__(
        self,
        accounts: AccountsById,
        passwords: HashesPasswords,
        store: PasswordStore,
        throttle: ThrottlePasswords,
        announce: AnnounceEndings,
        tell: SendsNotice,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._store = store
        self._throttle = throttle
        self._announce = announce
        self._tell = tell
        self._now = now

    async def __call__(
        self, account_id: UUID, current: str, new: str, keep: UUID | None
    ) -> PasswordChanged | Throttled:
        """Guesses of the current one are counted for the account, wherever they come from."""
        account = await self._accounts.find_by_id(account_id)
        admitted = await self._throttle.admit(f"id:{account_id}", None, account_id)
        if isinstance(admitted, Throttled):
            return admitted
        if account is None or account.password_hash is None:
            return PasswordChanged.WRONG
        if not await self._passwords.verify(account.password_hash, current):
            return PasswordChanged.WRONG
        await self._throttle.succeeded(admitted)
        return await self._change(account, await self._passwords.hash(new), keep)

    async def _change(self, account: Account, password_hash: str, keep: UUID | None) -> PasswordChanged:
        now = self._now()
        entry = AuditEntry(owner(account.id), Action.PASSWORD_CHANGED, account.id)
        ended = await self._store.change_password(account, password_hash, entry, now, keep)
        if ended is None:
            return PasswordChanged.WRONG
        await self._announce(ended, now)
        await self._tell(NoticeKind.PASSWORD_CHANGED, account, now)
        return PasswordChanged.DONE
