"""What somebody typed, as the judge of a method wants it."""

import re
from typing import Final

from services.auth.domain.factor import Method
from services.auth.domain.recovery_code import normalised_recovery_code
from services.auth.domain.totp import is_totp_code

MOST_TYPED_CHARS: Final = 64

_EMAIL_OTP: Final = re.compile(r"[0-9]{6,8}", re.ASCII)
_GROUPS: Final = re.compile(r"[0-9]+(-[0-9]+)*", re.ASCII)


def typed_code(method: Method, text: str) -> str | None:
    """None: it cannot be a code of this method at all; then it is no guess and costs none."""
    if len(text) > MOST_TYPED_CHARS:
        return None
    match method:
        case Method.EMAIL_OTP:
            digits = _digits(text)
            return digits if _EMAIL_OTP.fullmatch(digits) else None
        case Method.TOTP:
            digits = _digits(text)
            return digits if is_totp_code(digits) else None
        case Method.RECOVERY_CODE:
            return normalised_recovery_code(text)


def _digits(text: str) -> str:
    """As people type and paste them: without spaces, and without single hyphens between groups. Of anything else
    nothing is left out: a letter or a foreign digit is a mistake to be told, not to be guessed away."""
    spaceless = text.replace(" ", "")
    return spaceless.replace("-", "") if _GROUPS.fullmatch(spaceless) else text
