"""Mails from MJML and Jinja2 templates, compiled and tried out once per language at start.

The templates hold the structure, the gettext catalogues the words; the plain text has templates of its own.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Final

from services.notifier.adapters.mail_language import MailLanguage
from services.notifier.adapters.rendered_mail import mail_environment
from services.notifier.adapters.template_check import check_template
from services.notifier.adapters.template_files import template_texts
from services.notifier.adapters.trial_mails import try_mails
from services.notifier.domain.brand import Brand
from services.notifier.domain.language import best_language
from services.notifier.domain.notice_mail import NoticeMail
from services.notifier.domain.outgoing_mail import Content
from services.notifier.domain.passcode_mail import MARK, PasscodeMail, Purpose
from shared.events import ANNOUNCEMENTS

REMEMBERED: Final = 1_024


class MailTemplates:
    """`overrides` is the operator's folder; a file in it replaces our template of the same name.

    All mails of one minute, language and purpose differ in the code alone, so a template is rendered once for them
    with a mark in its place, and no template or traceback of one ever sees a code. All mails of one announcement in
    one language are the same.
    """

    def __init__(self, languages: Mapping[str, NullTranslations], brand: Brand, overrides: Path | None = None) -> None:
        """Raises: BadTemplate."""
        texts = template_texts(overrides)
        environment = mail_environment(texts, NullTranslations())
        for name, text in texts.items():
            check_template(environment, name, text)
        self._languages = {tag: MailLanguage(tag, words, brand, texts) for tag, words in languages.items()}
        for language in self._languages.values():
            try_mails(language, brand)
        self._around_code = lru_cache(maxsize=REMEMBERED)(self._passcode)
        self._announcement = lru_cache(maxsize=REMEMBERED)(self._notice)

    @property
    def languages(self) -> list[str]:
        """Their tags, in lower case."""
        return list(self._languages)

    def passcode(self, mail: PasscodeMail) -> Content:
        language = best_language(mail.locale, self._languages)
        times = (_minute(mail.now), _minute(mail.expires_at))
        subject, text, html = self._around_code(language, mail.purpose, mail.minutes_left, *times)
        return Content(subject, mail.code.join(text), mail.code.join(html))

    def notice(self, mail: NoticeMail) -> Content:
        language = best_language(mail.locale, self._languages)
        render = self._announcement if mail.kind in ANNOUNCEMENTS else self._notice
        return render(language, replace(mail, locale=language))

    def _passcode(
        self, language: str, purpose: Purpose, minutes: int, sent: datetime, until: datetime
    ) -> tuple[str, list[str], list[str]]:
        words = self._languages[language]
        marked = words.passcode.render(words.passcode_values(MARK, purpose, minutes, sent, until))
        return marked.subject, marked.text.split(MARK), marked.html.split(MARK)

    def _notice(self, language: str, mail: NoticeMail) -> Content:
        words = self._languages[language]
        return words.notice.render(words.notice_values(mail))


def _minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)
