"""What the mail with a code says, before any language or markup. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

_CODE = re.compile(r"[0-9]{4,12}", re.ASCII)

# Stands for the code in a mail that is written ahead of it. Private use: not printable, so no setting or sentence holds
# it, and nothing that HTML would escape.
MARK: Final = "\ue000"

# A mail that leaves a moment after the code was made says "10 minutes", not "9".
_GRACE_S: Final = 5


class Purpose(StrEnum):
    """What the code is for, as far as the mails have words for it; the values are those of the events."""

    LOGIN = "login"
    SESSION = "session"
    MANAGE_FACTORS = "manage-factors"
    CHANGE_EMAIL = "change-email"
    CONFIRM_EMAIL = "confirm-email"
    CHANGE_PASSWORD = "change-password"  # noqa: S105 - a name
    PAYMENT = "payment"
    EXPORT_DATA = "export-data"
    DELETE_ACCOUNT = "delete-account"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PasscodeMail:
    """`now` is the time of the mail and `expires_at` the end of the code, both aware."""

    code: str = field(repr=False)
    purpose: Purpose
    locale: str
    now: datetime
    expires_at: datetime

    @property
    def minutes_left(self) -> int:
        return int((self.expires_at - self.now).total_seconds() + _GRACE_S) // 60


def purpose_of(text: str) -> Purpose:
    """The event's words never reach the mail: an unknown purpose is worded in general."""
    try:
        return Purpose(text)
    except ValueError:
        return Purpose.OTHER


def is_code(text: str) -> bool:
    """ASCII digits and nothing else, so that a code cannot be markup or a line break."""
    return _CODE.fullmatch(text) is not None
