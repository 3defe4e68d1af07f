"""What somebody typed, as the judge of a method wants it."""

import re
from typing import Final

from services.auth.domain.factor import Method
from services.auth.domain.recovery_code import normalised_recovery_code
from services.auth.domain.totp import is_totp_code

_EMAIL_OTP: Final = re.compile(r"[0-9]{6,8}", re.ASCII)


def typed_code(method: Method, text: str) -> str | None:
    """None: it cannot be a code of this method at all; then it is no guess and costs none."""
    match method:
        case Method.EMAIL_OTP:
            return text if _EMAIL_OTP.fullmatch(text) else None
        case Method.TOTP:
            return text if is_totp_code(text) else None
        case Method.RECOVERY_CODE:
            return normalised_recovery_code(text)
