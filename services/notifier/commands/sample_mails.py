"""One mail of each kind, to be looked at."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from services.notifier.adapters.mail_templates import MailTemplates
from services.notifier.domain.notice_mail import Details, NoticeMail
from services.notifier.domain.outgoing_mail import Content
from services.notifier.domain.passcode_mail import PasscodeMail, Purpose
from shared.events import NoticeDetails, NoticeKind

_AT: Final = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
_UNTIL: Final = _AT + timedelta(hours=4)
_DEVICE: Final = NoticeDetails(device="Firefox 145.0 on Windows", place="Zürich, CH")
_FACTOR: Final = _DEVICE.model_copy(update={"factor": "totp"})
_ZONE: Final = "Europe/Zurich"


def sample_mails(templates: MailTemplates, locale: str) -> Iterator[tuple[str, Content]]:
    """With a name for its files."""
    for purpose in Purpose:
        passcode = PasscodeMail("402817", purpose, locale, _AT, _AT + timedelta(minutes=10))
        yield f"passcode-{purpose}", templates.passcode(passcode)
    for kind in NoticeKind:
        yield f"notice-{kind}", templates.notice(_notice(kind, locale))


def _notice(kind: NoticeKind, locale: str) -> NoticeMail:
    match kind:
        case NoticeKind.ADVANCE_NOTICE:
            return NoticeMail(kind, locale, _AT, None, _ZONE)
        case NoticeKind.BYPASS_ACTIVE:
            return NoticeMail(kind, locale, _AT, _UNTIL, _ZONE)
        case NoticeKind.FACTOR_CHANGED:
            return NoticeMail(kind, locale, _AT, details=Details.of(_FACTOR))
        case _:
            return NoticeMail(kind, locale, _AT, details=Details.of(_DEVICE))
