"""Write the mail that tells somebody what happened to their account, or what changes."""

from typing import Protocol

import structlog
from pydantic import ValidationError

from services.notifier.domain.notice_mail import Details, NoticeMail
from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.use_cases.open_sealed import Opens, Unmailable, open_address, open_sealed
from shared.events import NoticeDetails, NoticeDue

_log = structlog.get_logger()


class RendersNotices(Protocol):
    def notice(self, mail: NoticeMail) -> Content: ...


class ComposeNoticeMail:
    def __init__(self, opener: Opens, renderer: RendersNotices) -> None:
        self._opener = opener
        self._renderer = renderer

    def __call__(self, notice: NoticeDue) -> OutgoingMail:
        """Raises: Unmailable."""
        address = open_address(self._opener, notice.address, f"notice:{notice.notice_id}")
        mail = NoticeMail(notice.kind, notice.locale, notice.at, notice.until, notice.time_zone, self._details(notice))
        return OutgoingMail(notice.notice_id, address, self._renderer.notice(mail))

    def _details(self, notice: NoticeDue) -> Details:
        """None of them is a reason to keep the news from its owner."""
        if notice.details is None:
            return Details()
        try:
            said = open_sealed(self._opener, notice.details, f"details:{notice.notice_id}")
            return Details.of(NoticeDetails.model_validate_json(said))
        except (Unmailable, ValidationError):
            _log.warning("notice_details_unreadable", notice_id=str(notice.notice_id), kind=notice.kind)
            return Details()
