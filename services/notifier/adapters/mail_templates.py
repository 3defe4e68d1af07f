"""Mails from Jinja2 templates, compiled once per language at start.

HTML is escaped automatically, and a name that a template does not get is an error, not a gap. The sentences go
through gettext, so that the templates hold the structure and the catalogues the words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.notifier.adapters.mail_wording import NOTICE, PASSCODE
from services.notifier.domain.language import best_language, direction
from services.notifier.domain.notice_mail import NoticeMail
from services.notifier.domain.outgoing_mail import Content
from services.notifier.domain.passcode_mail import PasscodeMail, Purpose

TEMPLATES_DIR: Final = Path(__file__).parent.parent / "templates"
REMEMBERED: Final = 1_024

_MARK: Final = "\ue000"  # private use: not printable, so no setting holds it, and nothing that HTML would escape


class _Mail:
    """One mail in one language."""

    def __init__(self, environment: Environment, name: str) -> None:
        self._subject = environment.get_template(f"{name}.subject.txt.j2")
        self._text = environment.get_template(f"{name}.txt.j2")
        self._html = environment.get_template(f"{name}.html.j2")

    def render(self, **values: object) -> Content:
        subject = " ".join(self._subject.render(values).split())  # one line, whatever the values hold
        return Content(subject, self._text.render(values), self._html.render(values))


@dataclass(frozen=True, slots=True)
class _Language:
    passcode: _Mail
    notice: _Mail


class MailTemplates:
    """`brand` is our name, `domain` the host where the code is typed in.

    All mails of one minute, language and purpose differ in the code alone, so a template is rendered once for them
    with a mark in its place: 10 µs a mail in place of 105, and no template or traceback of one ever sees a code.
    """

    def __init__(
        self, languages: Mapping[str, NullTranslations], brand: str, domain: str, folder: Path = TEMPLATES_DIR
    ) -> None:
        self._languages = {}
        for tag, words in languages.items():
            environment = _environment(folder, words)
            environment.globals.update(brand=brand, domain=domain, lang=tag, dir=direction(tag))
            self._languages[tag] = _Language(_Mail(environment, "passcode"), _Mail(environment, "notice"))
        self._marked = lru_cache(maxsize=REMEMBERED)(self._passcode)

    def passcode(self, mail: PasscodeMail) -> Content:
        language = best_language(mail.locale, self._languages)
        times = (_time(mail.now), _time(mail.expires_at))
        marked = self._marked(language, mail.purpose, mail.minutes_left, *times)
        return Content(marked.subject, marked.text.replace(_MARK, mail.code), marked.html.replace(_MARK, mail.code))

    def notice(self, mail: NoticeMail) -> Content:
        language = best_language(mail.locale, self._languages)
        day = f"{mail.at.astimezone(UTC):%Y-%m-%d}"
        return self._languages[language].notice.render(words=NOTICE[mail.kind], at=f"{day} {_time(mail.at)}")

    def _passcode(self, language: str, purpose: Purpose, minutes: int, sent: str, until: str) -> Content:
        template = self._languages[language].passcode
        return template.render(code=_MARK, words=PASSCODE[purpose], minutes=minutes, sent=sent, until=until)


def _environment(folder: Path, words: NullTranslations) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), disabled_extensions=("txt.j2",)),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    extended: Any = environment  # the i18n extension adds its methods at run time
    extended.install_gettext_translations(words, newstyle=True)
    return environment


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M}"
