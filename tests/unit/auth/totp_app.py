"""An authenticator app: from the base32 secret and the time to a code."""

import base64
import hashlib
import hmac
from datetime import datetime


def code_at(secret: str, now: datetime, steps_off: int = 0) -> str:
    """RFC 4226 §5.3, written down once more: a mistake in one of the two shows."""
    step = int(now.timestamp()) // 30 + steps_off
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8), hashlib.sha1)
    start = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFF_FFFF) % 10**6:06d}"


def wrong_code(secret: str, now: datetime) -> str:
    """One that no step near `now` has."""
    near = {code_at(secret, now, off) for off in range(-3, 4)}
    return next(
        code
        for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777")
        if code not in near
    )
