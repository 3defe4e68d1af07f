"""The languages of the mails: English is in the templates, every other one is a gettext catalogue.

A language is added by a file `locale/<tag>/LC_MESSAGES/mail.mo` (POSIX tags, `pt_BR`); no code knows its name.
"""

from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from services.notifier.domain.language import SOURCE_LANGUAGE

LOCALE_DIR: Final = Path(__file__).parent.parent / "locale"


def catalogues(folder: Path = LOCALE_DIR) -> dict[str, NullTranslations]:
    """By BCP 47 tag in lower case.

    Raises:
        OSError, UnicodeDecodeError: a catalogue that is not one; better at start than in a mail.
    """
    found: dict[str, NullTranslations] = {SOURCE_LANGUAGE: NullTranslations()}
    for path in sorted(folder.glob("*/LC_MESSAGES/mail.mo")):
        with path.open("rb") as file:
            found[path.parent.parent.name.replace("_", "-").lower()] = GNUTranslations(file)
    return found
