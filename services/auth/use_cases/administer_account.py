"""What operators do to one account: look at it, lock it, mark it, take its factors or sessions away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.auth.domain.account import AccountStatus, username_key
from shared.events import NoticeKind


class Measure(StrEnum):
    LOCK = "lock"
    UNLOCK = "unlock"
    MARK_SSO = "mark-sso"
    UNMARK_SSO = "unmark-sso"
    RESET_FACTORS = "reset-factors"
    REVOKE_SESSIONS = "revoke-sessions"


@dataclass(frozen=True, slots=True)
class Order:
    """`operator` is a name from the settings."""

    account_id: UUID
    measure: Measure
    operator: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountView:
    """What an operator may see. `recovery_codes` are the unused ones; `sessions` and `devices` those that live."""

    id: UUID
    username: str
    masked_email: str
    region: str
    locale: str
    status: AccountStatus
    sso: bool
    own_mfa: bool
    totp: bool
    recovery_codes: int
    sessions: int
    devices: int
    registered_at: datetime | None


class AdministeredAccounts(Protocol):
    async def view(self, key: str | UUID, now: datetime) -> AccountView | None:
        """Of the account with this `username_key`, or this id."""

    async def carry_out(self, order: Order) -> Sequence[UUID] | None:
        """The sessions that it ended; None: no such account. Recorded in the audit in the same transaction."""


class AnnouncesEndings(Protocol):
    async def __call__(self, session_ids: Sequence[UUID], at: datetime, /) -> None:
        """Tell every instance that these sessions have ended. They have, whatever becomes of this."""


class TellsOwner(Protocol):
    async def __call__(self, kind: NoticeKind, account_id: UUID, at: datetime, /) -> None:
        """By mail, and never a reason to fail."""


class UnlocksCodes(Protocol):
    async def unlock(self, account_id: UUID) -> None:
        """Forget the wrong codes in a row; again is the same as once. Raises: DependencyUnavailable."""


class AdministerAccount:
    def __init__(
        self,
        accounts: AdministeredAccounts,
        codes: UnlocksCodes,
        announce: AnnouncesEndings,
        tell: TellsOwner,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._codes = codes
        self._announce = announce
        self._tell = tell
        self._now = now

    async def look_up(self, username: str) -> AccountView | None:
        return await self._accounts.view(username_key(username), self._now())

    async def look_at(self, account_id: UUID) -> AccountView | None:
        return await self._accounts.view(account_id, self._now())

    async def carry_out(self, account_id: UUID, measure: Measure, operator: str, reason: str) -> AccountView | None:
        """The account afterwards; None: there is none. A measure that changes nothing is recorded as well: it is an
        operator's decision with its own reason."""
        now = self._now()
        if measure is Measure.UNLOCK:
            # First, because an entry that says what was not done is worse than an unlocking that is asked for again.
            await self._codes.unlock(account_id)
        ended = await self._accounts.carry_out(Order(account_id, measure, operator, reason, now))
        if ended is None:
            return None
        if ended:
            await self._announce(ended, now)
        if measure is Measure.RESET_FACTORS:
            await self._tell(NoticeKind.FACTORS_RESET, account_id, now)
        return await self._accounts.view(account_id, now)
