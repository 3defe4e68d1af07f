"""Opaque tokens that change at every use: refresh tokens and device tokens.

A token is 16 random bytes that find its family and 32 random bytes that are the secret; both are stored as SHA-256
only (they are random and long: a slow hash protects only what people choose). When it is used, its successor is
HMAC-SHA256(secret, nonce) with a fresh nonce that is stored: who presents the previous token within the grace gets
the same successor again, so that two programs that share a token, or a client whose answer was lost, are no thieves;
who reads the database alone can compute nothing. Any older token of the family is a replay (RFC 9700 §4.14.2): the
finder is secret, so nobody who never held a token can cause one.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.keyring import decode, encode

FINDER_BYTES: Final = 16
SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 32
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class OpaqueToken:
    """`text(prefix)` is what a client holds: the prefix lets scanners for leaked secrets know it."""

    finder: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    @classmethod
    def fresh(cls, random_bytes: RandomBytes) -> "OpaqueToken":
        return cls(random_bytes(FINDER_BYTES), random_bytes(SECRET_BYTES))

    @classmethod
    def parse(cls, text: str, prefix: str) -> "OpaqueToken | None":
        """None: not a token of this kind."""
        if not text.startswith(prefix):
            return None
        try:
            content = decode(text.removeprefix(prefix))
        except ValueError:
            return None
        if len(content) != FINDER_BYTES + SECRET_BYTES:
            return None
        return cls(content[:FINDER_BYTES], content[FINDER_BYTES:])

    def text(self, prefix: str) -> str:
        return prefix + encode(self.finder + self.secret)

    def successor(self, nonce: bytes) -> "OpaqueToken":
        return OpaqueToken(self.finder, hmac.digest(self.secret, nonce, hashlib.sha256))

    @property
    def finder_hash(self) -> bytes:
        return hashlib.sha256(self.finder).digest()

    @property
    def secret_hash(self) -> bytes:
        return hashlib.sha256(self.secret).digest()


class Use(StrEnum):
    """What presenting a token of a living family was."""

    CURRENT = "current"
    AGAIN = "again"  # the immediately previous token, within the grace: the same successor once more
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Family:
    """What is stored of a token's family. `previous_hash`, `nonce`, `rotated_at` are None before the first use."""

    secret_hash: bytes = field(repr=False)
    previous_hash: bytes | None = field(default=None, repr=False)
    nonce: bytes | None = field(default=None, repr=False)
    rotated_at: datetime | None = None

    def use(self, token: OpaqueToken, now: datetime, grace: timedelta) -> Use:
        given = token.secret_hash
        if hmac.compare_digest(given, self.secret_hash):
            return Use.CURRENT
        previous = self.previous_hash is not None and hmac.compare_digest(given, self.previous_hash)
        in_grace = self.rotated_at is not None and now - self.rotated_at <= grace
        return Use.AGAIN if previous and in_grace else Use.REPLAYED
