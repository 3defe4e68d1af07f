"""Which password hashes from elsewhere an account may come with: those that can be verified, at a bearable cost.

Whoever signs in makes us pay what the hash says, right password or not, so no hash may hold a worker for more than
about a second, nor take more than 128 MiB. Measured on one core of the reference machine (2 cores, 2026):

| scheme | cost | bound | at the bound |
| --- | --- | --- | --- |
| Argon2id | 0.5 ms per MiB and pass | 128 MiB and 1,024 MiB times passes | 0.5 s |
| bcrypt | 0.24 s at 12, twice that per step | 14 | 1.0 s |
| scrypt | 0.43 µs per unit of N times r times p; 128 bytes each | 2^20 | 0.45 s, 128 MiB |
| PBKDF2 | 0.24 µs per round (SHA-256), 0.54 µs (SHA-512) | 2,000,000 | 0.5 s, 1.1 s |

They hold the defaults of Django (Argon2id 100 MiB, PBKDF2 1,200,000), PHP, Spring and what OWASP names. Weak hashes are
taken: the first login replaces them.
"""

import base64
import binascii
import re
from typing import Final

MOST_ARGON2_KIB: Final = 128 * 1024
MOST_ARGON2_WORK_KIB: Final = 1024 * 1024
MOST_ARGON2_LANES: Final = 16  # a thread each
MOST_BCRYPT_COST: Final = 14
MOST_SCRYPT_WORK: Final = 2**20
MOST_PBKDF2_ROUNDS: Final = 2_000_000

_ARGON2ID: Final = re.compile(r"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,5}),p=(\d{1,2})\$([^$]{11,86})\$([^$]{22,86})")
# 16 and 23 bytes: the last characters of salt and digest carry two and four bits; others would have to be repaired.
_BCRYPT: Final = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]")
_SCRYPT: Final = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([^$]{1,86})\$([^$]{43})")
_PBKDF2: Final = re.compile(r"\$pbkdf2-sha(?:256|512)\$(\d{1,8})\$([^$]{1,86})\$([^$]{43}|[^$]{86})")
_DJANGO: Final = re.compile(r"pbkdf2_sha256\$(\d{1,8})\$[A-Za-z0-9]{1,64}\$([^$]{43}=)")
_SHA256_CHARACTERS: Final = 43


def bearable(text: str) -> bool:
    """Whether `text` is a well-formed hash of a scheme that we verify, within the bounds. Nothing is verified here."""
    if not text.isascii():
        return False
    if found := _ARGON2ID.fullmatch(text):
        return _argon2id(*map(int, found.groups()[:3])) and _is_base64(found[4], found[5])
    if found := _BCRYPT.fullmatch(text):
        return 4 <= int(found[1]) <= MOST_BCRYPT_COST
    if found := _SCRYPT.fullmatch(text):
        return _scrypt(*map(int, found.groups()[:3])) and _is_base64(found[4], found[5])
    if found := _PBKDF2.fullmatch(text):
        fits = (len(found[3]) == _SHA256_CHARACTERS) == text.startswith("$pbkdf2-sha256$")
        # Modular crypt's base64 has a dot where PHC and the RFC have a plus.
        return fits and _rounds(found[1]) and _is_base64(found[2].replace(".", "+"), found[3].replace(".", "+"))
    if found := _DJANGO.fullmatch(text):
        return _rounds(found[1]) and _is_base64(found[2].rstrip("="))
    return False


def _argon2id(memory_kib: int, passes: int, lanes: int) -> bool:
    """RFC 9106 §3.1: at least 8 KiB a lane."""
    fits = passes >= 1 and 1 <= lanes <= MOST_ARGON2_LANES and 8 * lanes <= memory_kib
    return fits and memory_kib <= MOST_ARGON2_KIB and memory_kib * passes <= MOST_ARGON2_WORK_KIB


def _scrypt(log_n: int, block: int, lanes: int) -> bool:
    """RFC 7914 §2: N is below 2^(128 r / 8)."""
    return 1 <= log_n < 16 * block and lanes >= 1 and 2**log_n * block * lanes <= MOST_SCRYPT_WORK


def _rounds(digits: str) -> bool:
    return not digits.startswith("0") and int(digits) <= MOST_PBKDF2_ROUNDS


def _is_base64(*texts: str) -> bool:
    """Without padding, and spelled in the one way that gives those bytes: others are refused when verified."""
    try:
        return all(_spelled(text) == text for text in texts)
    except binascii.Error:
        return False


def _spelled(text: str) -> str:
    return base64.b64encode(base64.b64decode(text + "=" * (-len(text) % 4), validate=True)).decode().rstrip("=")
