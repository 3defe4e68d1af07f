"""Tell by mail all who an announcement concerns, a page at a time and at its pace, until all are told or it expires.

Any number of instances do this at once, and each announcement is in the hands of one of them. Where paging stands is
saved once a page is on Kafka: whoever is killed before that leaves the page to be published again. The id of a notice
follows from the announcement and the account, and the notifier mails an id once, so nobody is mailed twice.

Accounts are looked at once, as they stand when their page comes. One that an announcement begins or ceases to concern
meanwhile is told or not, and either is fine: what it says of the region is true.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final, Protocol
from uuid import uuid5

from services.auth.domain.announcement import Announcement, Progress, Recipient, Standing, page_size
from shared.events import NoticeDue
from shared.mail_address import is_address
from shared.sealing import Sealer
from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable

EVERY_S: Final = 1.0
MOST_LOCALE_CHARS: Final = 35  # NoticeDue
AT_ONCE: Final = 100  # five rounds for the largest page: done within the lease of a turn, even at Kafka's slowest

_sent = meter.create_counter("gatepost.announcement.notices", description="notices of announcements by kind")


class Turn(Protocol):
    """One announcement, which is in nobody else's hands until the turn ends."""

    @property
    def standing(self) -> Standing: ...

    async def page(self, limit: int) -> list[Recipient]:
        """Of the accounts that it concerns those that follow `progress.after`, by id."""

    async def save(self, progress: Progress) -> None: ...


class AnnouncementsInHand(Protocol):
    """Every verb raises DependencyUnavailable."""

    def turn(self, now: datetime) -> AbstractAsyncContextManager[Turn | None]:
        """The one that has waited longest of those whose time has come; None: there is none. A turn that fails saves
        nothing."""

    async def count(self, region: str) -> int:
        """How many accounts an announcement there concerns."""


class SpreadAnnouncements:
    def __init__(
        self,
        in_hand: AnnouncementsInHand,
        publish: Callable[[NoticeDue], Awaitable[None]],
        sealer: Sealer,
        now: Callable[[], datetime],
    ) -> None:
        self._in_hand = in_hand
        self._publish = publish
        self._sealer = sealer
        self._now = now

    async def __call__(self) -> None:
        """Until nothing is due just now. Raises: DependencyUnavailable; the next call goes on there."""
        while await self._take_turn():
            pass

    async def _take_turn(self) -> bool:
        async with self._in_hand.turn(self._now()) as turn:
            if turn is None:
                return False
            announcement, progress = turn.standing.announcement, turn.standing.progress
            if progress.started_at is None:
                progress = progress.started(await self._total(announcement.region), self._now())
            page = await turn.page(page_size(announcement.pace))
            reachable = [recipient for recipient in page if _can_be_told(recipient)]
            await self._publish_all(_notices(announcement, reachable, self._sealer))
            await turn.save(progress.after_page(page, len(reachable), announcement.pace, self._now()))
        _sent.add(len(reachable), {"kind": announcement.kind})
        return True

    async def _total(self, region: str) -> int | None:
        try:
            return await self._in_hand.count(region)
        except DependencyUnavailable:  # or there are so many that it takes too long: no reason to tell none of them
            return None

    async def _publish_all(self, notices: Iterator[NoticeDue]) -> None:
        """Raises what the first that failed raised, once none is under way any more."""

        async def publish_some() -> None:
            for notice in notices:
                await self._publish(notice)

        for result in await asyncio.gather(*(publish_some() for _ in range(AT_ONCE)), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result


def _can_be_told(recipient: Recipient) -> bool:
    """One that was written past our import, and that no notice can be made for, must not stop all that follow it."""
    return is_address(recipient.email) and len(recipient.locale) <= MOST_LOCALE_CHARS


def _notices(announcement: Announcement, to: Iterable[Recipient], sealer: Sealer) -> Iterator[NoticeDue]:
    """Made one by one: sealing them all at once would hold up whoever logs in."""
    for recipient in to:
        notice_id = uuid5(announcement.id, str(recipient.account_id))
        yield NoticeDue(
            notice_id=notice_id,
            account_id=recipient.account_id,
            kind=announcement.kind,
            address=sealer.seal(recipient.email, f"notice:{notice_id}"),
            locale=recipient.locale,
            region=announcement.region,
            at=announcement.at,
            expires_at=announcement.expires_at,
            until=announcement.until,
            time_zone=announcement.time_zone,
        )
