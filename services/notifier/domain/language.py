"""Which language a mail is written in. Pure."""

from collections.abc import Collection
from typing import Final, Literal

SOURCE_LANGUAGE: Final = "en"

_RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


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
