"""A code at birth and at rest: minted, hashed for comparing, encrypted for sending again. No I/O."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from services.otp.domain.challenge import ChallengeRef
from shared.keyring import Keyring

RandomBelow = Callable[[int], int]
_KEY_ID_END: Final = b"."


class Unreadable(Exception):
    """The stored code does not decrypt: its key is gone, or it was moved to another challenge."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A code that a challenge gets if it has none yet. Nothing here is readable without the service's keys."""

    message_id: UUID
    pepper_id: str
    mac: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


class PasscodeBook:
    """Makes and reads codes under the service's own keys, which Redis never sees."""

    def __init__(self, peppers: Keyring, code_keys: Keyring, digits: int) -> None:
        self._peppers = peppers
        self._code_keys = code_keys
        self._boxes = {key.id: Aead(key.secret) for key in code_keys}
        self._digits = digits

    def draft(self, challenge: ChallengeRef, message_id: UUID, random_below: RandomBelow) -> Draft:
        """A fresh code: uniform over 10^digits, leading zeros kept (NIST 800-63B-4 §3.1.3.1)."""
        code = f"{random_below(10**self._digits):0{self._digits}d}"
        key = self._code_keys.current
        box = self._boxes[key.id].encrypt(code.encode(), challenge.challenge_id.bytes)
        pepper = self._peppers.current
        return Draft(
            message_id,
            pepper.id,
            mac=_mac(pepper.secret, challenge, code),
            ciphertext=key.id.encode() + _KEY_ID_END + bytes(box),
        )

    def reveal(self, challenge: ChallengeRef, ciphertext: bytes) -> str:
        """The code, for the moment of sealing it to the notifier. Raises: Unreadable."""
        key_id, _, box = ciphertext.partition(_KEY_ID_END)
        reader = self._boxes.get(key_id.decode("ascii", "replace"))
        if reader is None:
            raise Unreadable("its key is not here")
        try:
            return reader.decrypt(box, challenge.challenge_id.bytes).decode()
        except (CryptoError, ValueError):  # ValueError: shorter than its own tag
            raise Unreadable("does not decrypt") from None

    def macs(self, challenge: ChallengeRef, typed: str) -> Iterator[tuple[str, bytes]]:
        """What the stored MAC would be for `typed`, under each pepper that may have made it."""
        for pepper in self._peppers:
            yield pepper.id, _mac(pepper.secret, challenge, typed)


def _mac(pepper: bytes, challenge: ChallengeRef, code: str) -> bytes:
    """HMAC-SHA-256, 32 bytes, over account, challenge and code: worthless for any other challenge."""
    bound = challenge.account_id.bytes + challenge.challenge_id.bytes + code.encode()
    return hmac.digest(pepper, bound, hashlib.sha256)
