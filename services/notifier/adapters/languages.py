"""The languages of the mails: English is in the templates, every other one is a gettext catalogue.

A language is added by a file `locale/<tag>/LC_MESSAGES/mail.po` (POSIX tags, `pt_BR`); no code knows its name. It is
compiled at every start (a few ms a language), so that no compiled file can be older than its source.
"""

from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from services.notifier.domain.language import SOURCE_LANGUAGE

LOCALE_DIR: Final = Path(__file__).parent.parent / "locale"


def catalogues(folder: Path = LOCALE_DIR) -> dict[str, NullTranslations]:
    """By BCP 47 tag in lower case.

    Raises:
        PoFileError, UnicodeDecodeError: a catalogue that is not one; better at start than in a mail.
    """
    found: dict[str, NullTranslations] = {SOURCE_LANGUAGE: NullTranslations()}
    for path in sorted(folder.glob("*/LC_MESSAGES/mail.po")):
        name = path.parent.parent.name
        found[name.replace("_", "-").lower()] = _compiled(path, name)
    return found


def _compiled(path: Path, locale: str) -> GNUTranslations:
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
