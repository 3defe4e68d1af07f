"""Write the mail that tells somebody what happened to their account."""

from typing import Protocol

from services.notifier.domain.notice_mail import NoticeMail
from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.use_cases.open_sealed import Opens, open_address
from shared.events import NoticeDue


class RendersNotices(Protocol):
    def notice(self, mail: NoticeMail) -> Content: ...


class ComposeNoticeMail:
    def __init__(self, opener: Opens, renderer: RendersNotices) -> None:
        self._opener = opener
        self._renderer = renderer

    def __call__(self, notice: NoticeDue) -> OutgoingMail:
        """Raises: Unmailable."""
        address = open_address(self._opener, notice.address, f"notice:{notice.notice_id}")
        content = self._renderer.notice(NoticeMail(notice.kind, notice.locale, notice.at))
        return OutgoingMail(notice.notice_id, address, content)
