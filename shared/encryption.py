"""Secrets at rest: AEAD (XChaCha20-Poly1305, libsodium) under a ring of keys, bound to the place they belong to."""

from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from shared.keyring import Keyring

_KEY_ID_END: Final = b"."


class Undecryptable(Exception):
    """Its key is gone, or it was moved to another place."""


class Encryption:
    """The first key of the ring encrypts, every one decrypts."""

    def __init__(self, keys: Keyring) -> None:
        self._current = keys.current.id
        self._boxes = {key.id: Aead(key.secret) for key in keys}

    def encrypt(self, secret: bytes, context: bytes) -> bytes:
        """`<key id>.<nonce, ciphertext, tag>`. `context` says whose it is; the reader must say the same."""
        return self._current.encode() + _KEY_ID_END + bytes(self._boxes[self._current].encrypt(secret, context))

    def decrypt(self, encrypted: bytes, context: bytes) -> bytes:
        """Raises: Undecryptable."""
        key_id, _, box = encrypted.partition(_KEY_ID_END)
        reader = self._boxes.get(key_id.decode("ascii", "replace"))
        if reader is None:
            raise Undecryptable("its key is not here")
        try:
            return reader.decrypt(box, context)
        except (CryptoError, ValueError):  # ValueError: shorter than its own tag
            raise Undecryptable("does not decrypt") from None
