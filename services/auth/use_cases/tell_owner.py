"""The owner of an account hears by mail what happened to it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.use_cases.accounts_by_id import AccountsById
from shared.events import NoticeKind
from shared.unavailable import DependencyUnavailable

SendsNotice = Callable[[NoticeKind, Account, datetime], Awaitable[None]]


class TellOwner:
    """After the fact, and never a reason for it to fail."""

    def __init__(self, accounts: AccountsById, send: SendsNotice) -> None:
        self._accounts = accounts
        self._send = send

    async def __call__(self, kind: NoticeKind, account_id: UUID, at: datetime) -> None:
        try:
            account = await self._accounts.find_by_id(account_id)
        except DependencyUnavailable:
            return
        if account is not None:
            await self._send(kind, account, at)
