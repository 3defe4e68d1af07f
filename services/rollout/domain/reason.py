"""What a reason must look like: it is read by people, in the history and later in the audit. Pure."""

import unicodedata
from enum import StrEnum
from typing import Final

SHORTEST: Final = 3
LONGEST: Final = 500

# Control, surrogate, line and paragraph separator: none of them can be shown in one line.
_UNPRINTABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Bidirectional overrides and isolates make a text read as something else (CVE-2021-42574).
_DISGUISING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class ReasonObjection(StrEnum):
    """Why a reason is refused."""

    LENGTH = "reason_length"
    CONTROL_CHARACTER = "reason_control_character"


def reason_of(text: str) -> str | ReasonObjection:
    """The reason without the white space around it: 3 to 500 characters on one line. Check with `isinstance`."""
    reason = text.strip(" \t")
    if not SHORTEST <= len(reason) <= LONGEST:
        return ReasonObjection.LENGTH
    if any(unicodedata.category(char) in _UNPRINTABLE or char in _DISGUISING for char in reason):
        return ReasonObjection.CONTROL_CHARACTER
    return reason
