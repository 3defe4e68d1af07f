"""Recovery codes: ten to print, each good once, for the day when neither app nor mail is at hand."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from shared.keyring import Keyring

CODES: Final = 10
CODE_BYTES: Final = 10  # 80 bits: 16 symbols of 5 bits
SYMBOLS: Final = 16
GROUP: Final = 4
RandomBytes = Callable[[int], bytes]

# Crockford's base32: no I, L, O and U; who reads one of the first three in a 1 or a 0 is right all the same.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RFC_4648: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD: Final = str.maketrans(_RFC_4648, _ALPHABET)
_MISREAD: Final = str.maketrans("OIL", "011", "- ")


def fresh_recovery_codes(random_bytes: RandomBytes) -> tuple[str, ...]:
    """As a person gets them: `7MZK-0Q2R-…`, four groups of four."""
    return tuple(_grouped(base64.b32encode(random_bytes(CODE_BYTES)).decode()) for _ in range(CODES))


def _grouped(encoded: str) -> str:
    symbols = encoded.translate(_CROCKFORD)
    return "-".join(symbols[start : start + GROUP] for start in range(0, SYMBOLS, GROUP))


def normalised_recovery_code(text: str) -> str | None:
    """The 16 symbols of what was typed, whatever its case, hyphens and spaces; None: not a recovery code."""
    if not text.isascii():  # before upper(): it makes an I of a dotless i
        return None
    symbols = text.upper().translate(_MISREAD)
    return symbols if len(symbols) == SYMBOLS and set(symbols) <= set(_ALPHABET) else None


class RecoveryCodeHashes:
    """What is stored of a code: HMAC-SHA-256 under a key that the database does not have, bound to the account.

    80 random bits need no slow hash: nobody can try them all.
    """

    def __init__(self, keys: Keyring) -> None:
        self._keys = [key.for_use("recovery-codes") for key in keys]

    def stored(self, account_id: UUID, code: str) -> bytes:
        """For a code that is given out; `code` in any spelling. Raises: ValueError for what is none."""
        return next(self.possible(account_id, code))

    def possible(self, account_id: UUID, code: str) -> Iterator[bytes]:
        """What may be stored of a code that was typed: one for each key of the ring, the current one first."""
        symbols = normalised_recovery_code(code)
        if symbols is None:
            raise ValueError("not a recovery code")
        for key in self._keys:
            yield hmac.digest(key, account_id.bytes + symbols.encode(), hashlib.sha256)
