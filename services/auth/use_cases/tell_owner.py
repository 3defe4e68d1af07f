"""The owner of an account hears by mail what happened to it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.use_cases.accounts_by_id import AccountsById
from shared.events import NoticeDetails, NoticeKind
from shared.unavailable import DependencyUnavailable


class SendsNotice(Protocol):
    async def __call__(
        self, kind: NoticeKind, account: Account, at: datetime, details: NoticeDetails | None = None, /
    ) -> None:
        """Does not raise when Kafka is away."""


class TellOwner:
    """After the fact, and never a reason for it to fail."""

    def __init__(self, accounts: AccountsById, send: SendsNotice) -> None:
        self._accounts = accounts
        self._send = send

    async def __call__(
        self, kind: NoticeKind, account_id: UUID, at: datetime, details: NoticeDetails | None = None
    ) -> None:
        try:
            account = await self._accounts.find_by_id(account_id)
        except DependencyUnavailable:
            return
        if account is not None:
            await self._send(kind, account, at, details)
