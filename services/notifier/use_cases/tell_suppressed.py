"""Tell the others which accounts get no mail, by their ids alone: who plans a region must know how many there are.

Nobody waits for that, nor fails with it. What is not told is told when the next mail to the account is held back. That
an address was cleared while Kafka was away, shortly before this process ended, is never told: the suppression's own end
makes up for it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Protocol

import structlog

from services.notifier.domain.suppression import Sighting, SuppressedAccount, Suppression, SuppressionTerms
from shared.events import AccountSuppressed
from shared.publish_later import PublishLater
from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()
_lost: Final = meter.create_counter(
    "gatepost.suppressed_account.lost", description="suppressed accounts that Kafka could not be told of in time"
)


class SuppressedAccounts(Protocol):
    """Whose address is on the list. All raise DependencyUnavailable."""

    async def add(self, address: str, account: SuppressedAccount, until: datetime) -> datetime:
        """The end of its suppression: the last of all that it was added with."""

    async def take(self, address: str) -> list[SuppressedAccount]:
        """All of the address, which are forgotten."""


class TellSuppressed:
    def __init__(
        self,
        accounts: SuppressedAccounts,
        terms: SuppressionTerms,
        publish: Callable[[AccountSuppressed], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._terms = terms
        self._later = PublishLater(publish, lambda _: _lost.add(1))
        self._now = now

    async def sighted(self, sighting: Sighting, account: SuppressedAccount) -> None:
        """Its address was put on the list."""
        await self(sighting.address, account, self._terms.suppression(sighting.cause, sighting.at))

    async def __call__(self, address: str, account: SuppressedAccount, suppression: Suppression) -> None:
        """Its address stands on the list."""
        if suppression.expires_at <= self._now():
            return
        try:
            until = await self._accounts.add(address, account, suppression.expires_at)
        except DependencyUnavailable:
            _log.warning("suppressed_account_not_kept", account_id=str(account.account_id))
            return
        self._tell(account, until)

    async def cleared(self, address: str) -> None:
        """Support took it off the list."""
        try:
            accounts = await self._accounts.take(address)
        except DependencyUnavailable:
            _log.warning("suppressed_accounts_not_forgotten")
            return
        for account in accounts:
            self._tell(account, None)

    def _tell(self, account: SuppressedAccount, until: datetime | None) -> None:
        told = {"account_id": account.account_id, "region": account.region, "until": until}
        self._later(AccountSuppressed(**told, at=self._now()))

    async def stop(self, deadline_s: float = 2.0) -> None:
        """Before the bus stops."""
        await self._later.stop(deadline_s)
