"""What only the notifier may read: libsodium sealed boxes (X25519, XSalsa20-Poly1305) with a key id.

A sealed box is encrypted under a fresh ephemeral key each time, so six digits inside cannot be found by
trying all of them. The plaintext carries its purpose and the challenge it belongs to: a box copied into
another event does not open there.
"""

from typing import Final

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from shared.keyring import Key, Keyring, decode, encode

_SEPARATOR: Final = "\x00"


def public_half(private_keys: Keyring) -> Keyring:
    """X25519: the same ids in the same order."""
    return Keyring([Key(key.id, bytes(PrivateKey(key.secret).public_key)) for key in private_keys])


class Unsealable(Exception):
    """No key of ours opens this, or it was sealed for another place."""


class Sealer:
    """Seals to the current public key of the reader."""

    def __init__(self, public_keys: Keyring) -> None:
        self.use(public_keys)

    def use(self, public_keys: Keyring) -> None:
        """From now on."""
        self._key_id = public_keys.current.id
        self._box = SealedBox(PublicKey(public_keys.current.secret))

    def seal(self, text: str, context: str) -> str:
        """`context` names what it is and whose, e.g. `code:<challenge id>`; the reader must ask for the same."""
        plaintext = f"{context}{_SEPARATOR}{text}"
        return f"{self._key_id}.{encode(self._box.encrypt(plaintext.encode()))}"


class Unsealer:
    """Opens what was sealed to any key it holds; older ones stay until nothing sealed to them lives."""

    def __init__(self, private_keys: Keyring) -> None:
        self.use(private_keys)

    def use(self, private_keys: Keyring) -> None:
        """From now on."""
        self._boxes = {key.id: SealedBox(PrivateKey(key.secret)) for key in private_keys}

    def unseal(self, sealed: str, context: str) -> str:
        """Raises: Unsealable."""
        key_id, _, encoded = sealed.partition(".")
        box = self._boxes.get(key_id)
        if box is None:
            raise Unsealable("unknown key id")
        try:
            found, _, text = box.decrypt(decode(encoded)).decode().partition(_SEPARATOR)
        except (CryptoError, ValueError):  # UnicodeDecodeError is a ValueError
            raise Unsealable("does not open") from None
        if found != context:
            raise Unsealable("sealed for another place")
        return text
