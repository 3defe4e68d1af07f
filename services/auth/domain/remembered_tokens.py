"""The access tokens whose signature was found right, so that it is looked at once for each token and not at each use.

Only what never changes is remembered: which key signed, what was signed, and when it ends. Whether that key is still
accepted, whether it is over, for whom it is and whether its session was revoked is asked again at every use. What was
refused is never remembered: nobody without a good token can fill this.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.auth.domain.access import Access

MOST: Final = (
    20_000  # about 1 kB each: 20 MB; a signature costs about 130 µs, so an instance that has more loses little
)


@dataclass(frozen=True, slots=True)
class SignedAccess:
    """`kid` names the key whose signature was found right."""

    access: Access
    kid: str
    expires_at: datetime


class RememberedTokens:
    """By the SHA-256 of the whole token: what differs in one character is another one, and no token stays in memory."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._signed: dict[bytes, SignedAccess] = {}

    def get(self, token: str) -> SignedAccess | None:
        return self._signed.get(_digest(token))

    def add(self, token: str, signed: SignedAccess) -> None:
        """The one that was added first makes room."""
        if len(self._signed) >= self._most:
            del self._signed[next(iter(self._signed))]
        self._signed[_digest(token)] = signed

    def __len__(self) -> int:
        return len(self._signed)


def _digest(token: str) -> bytes:
    """Raises: ValueError for text with lone surrogates, which is no token."""
    return hashlib.sha256(token.encode()).digest()
