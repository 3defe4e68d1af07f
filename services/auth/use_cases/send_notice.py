"""Tell somebody what happened to their account. It has happened: nothing here can make it fail."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.auth.domain.account import Account
from shared.events import NoticeDetails, NoticeKind, SecurityNoticeDue
from shared.publish_later import PublishLater
from shared.sealing import Sealer
from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()
_lost: Final = meter.create_counter("gatepost.notice.lost", description="notices that Kafka could not take in time")


class SendNotice:
    """Called after the action is committed. Address and details leave auth sealed to the notifier.

    Usually the notice is on Kafka when a call returns. While Kafka is away it is kept in memory and tried again until
    this process stops; one that comes too late is reported as failed by the notifier. `life`: when it is stale.
    """

    def __init__(
        self,
        publish: Callable[[SecurityNoticeDue], Awaitable[None]],
        sealer: Sealer,
        new_id: Callable[[], UUID],
        life: timedelta,
    ) -> None:
        self._publish = publish
        self._later = PublishLater(publish, _count_lost)
        self._sealer = sealer
        self._new_id = new_id
        self._life = life

    async def __call__(
        self, kind: NoticeKind, account: Account, at: datetime, details: NoticeDetails | None = None
    ) -> None:
        """To the address that `account` has; `at` is when it happened. Does not raise when Kafka is away."""
        notice = self._notice(kind, account, at, details)
        try:
            await self._publish(notice)
        except DependencyUnavailable:
            self._later(notice)

    async def behind_the_answer(
        self, kind: NoticeKind, account: Account, at: datetime, details: NoticeDetails | None = None
    ) -> None:
        """The same for a login, which waits for Kafka not even while Kafka hangs (docs/decisions/0008)."""
        self._later(self._notice(kind, account, at, details))

    def _notice(
        self, kind: NoticeKind, account: Account, at: datetime, details: NoticeDetails | None
    ) -> SecurityNoticeDue:
        notice_id = self._new_id()
        told = details.model_dump_json(exclude_none=True) if details else None
        return SecurityNoticeDue(
            notice_id=notice_id,
            account_id=account.id,
            kind=kind,
            address=self._sealer.seal(account.email, f"notice:{notice_id}"),
            locale=account.locale,
            region=account.region,
            at=at,
            expires_at=at + self._life,
            details=self._sealer.seal(told, f"details:{notice_id}") if told else None,
        )

    async def stop(self, deadline_s: float = 2.0) -> None:
        """Before the bus stops: publish what is waiting; what is not out by then is lost."""
        await self._later.stop(deadline_s)


def _count_lost(notice: SecurityNoticeDue) -> None:
    _lost.add(1, {"kind": notice.kind})
    _log.error("notice_lost", notice_id=str(notice.notice_id), kind=notice.kind)
