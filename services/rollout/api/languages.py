"""The reader's language (RFC 9110 §12.5.4)."""

import re
from collections.abc import Collection
from typing import Final

_RANGE: Final = re.compile(
    r"\s*(?P<language>[a-z]{1,8}|\*)(-[a-z0-9]{1,8})*\s*(;\s*q=(?P<weight>[01](\.\d{0,3})?))?\s*", re.I | re.ASCII
)
_MOST: Final = 20  # ranges that are looked at


def spoken(accept_language: str | None, offered: Collection[str], default: str) -> str:
    """The offered language that the reader likes best, whatever the country; the first of several."""
    liked: dict[str, float] = {}
    for each in (accept_language or "").split(",")[:_MOST]:
        if found := _RANGE.fullmatch(each):
            language = found["language"].lower()
            named = default if language == "*" else language
            liked[named] = max(liked.get(named, 0.0), float(found["weight"] or 1))
    known = {language: weight for language, weight in liked.items() if language in offered and weight > 0}
    return max(known, key=lambda language: known[language], default=default)
