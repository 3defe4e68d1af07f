"""Which language a mail is written in, and what that means for its text. Pure."""

import unicodedata
from collections.abc import Collection
from typing import Final, Literal

SOURCE_LANGUAGE: Final = "en"

_RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_RIGHT_TO_LEFT_SIGNS: Final = frozenset({"R", "AL", "AN"})  # UAX #9, table 4

_FIRST_STRONG_ISOLATE: Final = "\u2068"
_POP_ISOLATE: Final = "\u2069"


def best_language(locale: str, available: Collection[str]) -> str:
    """The longest available prefix of a BCP 47 tag (RFC 4647 §3.4, lookup), else English.

    `available` holds lower-case tags with hyphens.
    """
    parts = locale.lower().replace("_", "-").split(".")[0].split("-")
    while parts:
        tag = "-".join(parts)
        if tag in available:
            return tag
        parts.pop()
    return SOURCE_LANGUAGE


def direction(language: str) -> Literal["ltr", "rtl"]:
    return "rtl" if language.split("-")[0] in _RIGHT_TO_LEFT else "ltr"


def isolated(text: str, language: str) -> str:
    """A name as part of a sentence: neither changes the other's order (UAX #9 §2.4.2). Where all runs from left to
    right nothing is added, since some programs show what they do not know as boxes."""
    mixed = any(unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT_SIGNS for sign in text)
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" if mixed or direction(language) == "rtl" else text
