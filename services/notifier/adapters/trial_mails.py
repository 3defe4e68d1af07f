"""Every mail of a language, written once at start and looked at: better refused there than in front of a reader."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.notifier.adapters.bad_template import BadTemplate
from services.notifier.adapters.mail_language import MailLanguage
from services.notifier.adapters.mail_markup import MailPage
from services.notifier.adapters.rendered_mail import RenderedMail
from services.notifier.domain.brand import Brand
from services.notifier.domain.notice_mail import Details, NoticeMail
from services.notifier.domain.outgoing_mail import Content
from services.notifier.domain.passcode_mail import MARK, Purpose
from shared.events import NoticeKind

_AT: Final = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
_UNTIL: Final = _AT + timedelta(minutes=10)
# What a template that does not escape would make an image of.
_MARKUP: Final = '<img src="x">'


def try_mails(language: MailLanguage, brand: Brand) -> None:
    """Raises: BadTemplate."""
    last_line = f"@{brand.domain} #{MARK}"
    for purpose in Purpose:
        content = language.passcode.try_out(language.passcode_values(MARK, purpose, 10, _AT, _UNTIL))
        page = _checked(language, language.passcode, content)
        _check_code(content, page, last_line)
    details = Details(_MARKUP, _MARKUP, _MARKUP)
    for kind in NoticeKind:
        mail = NoticeMail(kind, language.tag, _AT, _UNTIL, details=details)
        _checked(language, language.notice, language.notice.try_out(language.notice_values(mail)))


def _checked(language: MailLanguage, mail: RenderedMail, content: Content) -> MailPage:
    if not content.subject:
        raise BadTemplate(f"{mail.name}.subject.txt.j2", None, "is empty")
    page = MailPage(f"{mail.name}.mjml.j2", content.html)
    if (page.lang, page.dir) != (language.tag, language.direction):
        what = 'does not begin with <mjml lang="{{ lang }}" dir="{{ dir }}">'
        raise BadTemplate(f"{mail.name}.mjml.j2", None, what)
    return page


def _check_code(content: Content, page: MailPage, last_line: str) -> None:
    """On a line of its own, and in the last one, and nowhere else: it is to be found, copied and filled in."""
    lines = content.text.splitlines()
    if MARK in content.subject:
        raise BadTemplate("passcode.subject.txt.j2", None, "shows the code, where locked screens show it")
    if lines.count(MARK) != 1:
        raise BadTemplate("passcode.txt.j2", None, "must have the code on a line of its own, once")
    if lines[-1] != last_line or content.text.count(MARK) != 2:
        raise BadTemplate("passcode.txt.j2", len(lines), "the last line must be “@{{ domain }} #{{ code }}”")
    if page.text.count(MARK) != 1:
        raise BadTemplate("passcode.mjml.j2", None, "must show the code once, in one piece")
