"""Words that others chose (user agents, places, names of factors), made fit to stand in a mail. Pure.

HTML is escaped elsewhere. This is for what escaping leaves: line breaks, bidi and invisible characters, and text that
a mail program would make a link of.
"""

import re
import unicodedata
from typing import Final

MOST_SHOWN: Final = 80

_READ: Final = 4 * MOST_SHOWN  # some of it may be dropped; 10 kB are not looked through for the rest
_SIGNS: Final = frozenset(" ()-_'’,،、・+/&.")
_MARKS: Final = 3  # on one letter: no script needs more, and a tower of them covers the lines above
_LINKED = re.compile(r"\.(?=[^\W\d])")


def shown(text: str) -> str:
    """One line of at most MOST_SHOWN characters: letters, digits and a few signs. Empty if nothing is left.

    A dot before a letter becomes a space, and `:`, `@` and `#` do: `bank.example` in our mail is not to be clicked.
    """
    kept, marks = "", 0
    for sign in unicodedata.normalize("NFKC", text[:_READ]):
        marks = marks + 1 if unicodedata.category(sign).startswith("M") else 0
        if marks <= _MARKS:
            kept += _fit(sign)
    line = " ".join(_LINKED.sub(" ", kept).split())
    return line if len(line) <= MOST_SHOWN else f"{line[: MOST_SHOWN - 1].rstrip()}…"


def _fit(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cf":
        return ""  # zero-width and bidi characters stand inside words
    return sign if category[0] in "LMN" or sign in _SIGNS else " "
