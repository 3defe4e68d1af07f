"""Named 32-byte keys: the first one writes, all of them read, so that a key can be changed under load.

Text form, as settings hold it: `id:base64url` joined by commas, for instance `k2:3q2-…,k1:AAE…`.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

KEY_BYTES: Final = 32
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Key:
    """`secret` is 32 bytes; `id` is public and travels with what the key protected."""

    id: str
    secret: bytes = field(repr=False)

    def for_use(self, use: str) -> bytes:
        """A 32-byte key for one use alone: who learns it learns neither this one nor that of another use."""
        return hmac.digest(self.secret, use.encode(), hashlib.sha256)


class Keyring:
    """An ordered, non-empty set of keys. `current` is the first."""

    def __init__(self, keys: list[Key]) -> None:
        self._keys = {key.id: key for key in keys}
        if not keys or len(self._keys) != len(keys):
            raise ValueError("a keyring needs at least one key, and each id once")
        self.current = keys[0]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form.

        Raises:
            ValueError: naming the place, never the key.
        """
        return cls([_parse_key(place, part) for place, part in enumerate(text.split(","), start=1)])

    @property
    def text(self) -> str:
        """The text form: every secret of the ring, for its file alone."""
        return ",".join(f"{key.id}:{encode(key.secret)}" for key in self)

    def get(self, key_id: str) -> Key | None:
        return self._keys.get(key_id)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)


def encode(data: bytes) -> str:
    """base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Reverse of `encode`.

    Raises:
        ValueError: not canonical base64url.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


def _parse_key(place: int, part: str) -> Key:
    key_id, colon, encoded = part.strip().partition(":")
    if not colon:
        raise ValueError(f"key {place}: expected id:base64url")  # what stands there may be the key itself
    if not _ID.fullmatch(key_id):
        raise ValueError(f"key {place}: the id must be 1-32 letters, digits, '-' or '_'")
    try:
        secret = decode(encoded)
    except ValueError:
        raise ValueError(f"key {place} ({key_id}): not base64url") from None
    if len(secret) != KEY_BYTES:
        raise ValueError(f"key {place} ({key_id}): {len(secret)} bytes, {KEY_BYTES} are needed")
    return Key(key_id, secret)
