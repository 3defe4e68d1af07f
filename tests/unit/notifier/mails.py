"""Mails as the tests ask for them, and what a reader sees of their HTML."""

from collections.abc import Mapping
from datetime import timedelta
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

from services.notifier.adapters.languages import catalogues
from services.notifier.adapters.mail_templates import MailTemplates
from services.notifier.domain.brand import Brand
from services.notifier.domain.passcode_mail import PasscodeMail, Purpose
from tests.unit.notifier.fakes import CODE, NOW

DOMAIN = "gatepost.example"
LANGUAGES = catalogues()
LOCALES = list(LANGUAGES)


class Reader(HTMLParser):
    """Tags with their attributes, and the text between them. What a `<style>` holds is no text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:
            self.text += data


def templates(
    brand: str = "Gatepost",
    words: Mapping[str, NullTranslations] | None = None,
    overrides: Path | None = None,
    support: str | None = None,
) -> MailTemplates:
    return MailTemplates(words or LANGUAGES, Brand(brand, DOMAIN, support=support), overrides)


def passcode_mail(
    purpose: Purpose = Purpose.LOGIN, locale: str = "en", life: timedelta = timedelta(minutes=10)
) -> PasscodeMail:
    return PasscodeMail(CODE, purpose, locale, NOW, NOW + life)
