"""Time-based codes of an authenticator app: RFC 6238 with SHA-1, 6 digits and steps of 30 s, as every app has them."""

import base64
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

SECRET_BYTES: Final = 20  # RFC 4226 §4 R6
DIGITS: Final = 6
STEP_S: Final = 30
MOST_STEPS_OFF: Final = 1  # RFC 6238 §5.2: for the clock of the phone, and for a code typed as it changes
# A QR code holds 2,953 bytes, and a letter may take 12 once it is quoted.
MOST_LABEL_CHARS: Final = 64


def is_totp_code(text: str) -> bool:
    """Six ASCII digits, as an app shows them."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def matching_step(secret: bytes, code: str, now: datetime, last_step: int | None) -> int | None:
    """The time step whose code this is, of the current one and its neighbours; None: of none.

    A step that is not after `last_step`, the newest one accepted, does not count: a code is good once
    (RFC 6238 §5.2). Every step is compared in full, whichever matches.
    """
    generator = HOTP(secret, DIGITS, SHA1())  # noqa: S303 - HMAC-SHA-1 is what RFC 6238 and the apps speak
    current = int(now.timestamp()) // STEP_S
    found = None
    for step in range(current - MOST_STEPS_OFF, current + MOST_STEPS_OFF + 1):
        same = hmac.compare_digest(generator.generate(step), code.encode())
        if same and (last_step is None or step > last_step):
            found = step
    return found


def base32(secret: bytes) -> str:
    """As it is typed into an app that cannot see the QR code."""
    return base64.b32encode(secret).decode().rstrip("=")


def otpauth_uri(secret: bytes, issuer: str, label: str) -> str:
    """What the QR code says (Key URI format). `label` tells one's accounts in the app apart."""
    name = f"{quote(issuer, safe='')}:{quote(label[:MOST_LABEL_CHARS], safe='@')}"
    terms = {"secret": base32(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_S}
    return f"otpauth://totp/{name}?{urlencode(terms, quote_via=quote)}"
