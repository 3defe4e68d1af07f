"""A code at birth and at rest: minted, hashed for comparing, encrypted for sending again. No I/O."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from services.otp.domain.challenge import ChallengeRef
from shared.encryption import Encryption
from shared.keyring import Key, Keyring, encode

RandomBelow = Callable[[int], int]
LABEL_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Draft:
    """A code that a challenge gets if it has none yet. Nothing here is readable without the service's keys.
    `pepper_id`: the pepper's label, 6 characters."""

    pepper_id: str
    mac: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


class PasscodeBook:
    """Makes and reads codes under the service's own keys, which Redis never sees."""

    def __init__(self, peppers: Keyring, code_keys: Keyring) -> None:
        self.use_peppers(peppers)
        self.use_code_keys(code_keys)

    def use_peppers(self, peppers: Keyring) -> None:
        self._peppers = _labelled(peppers)

    def use_code_keys(self, code_keys: Keyring) -> None:
        self._encryption = Encryption(_labelled(code_keys))

    def draft(self, challenge: ChallengeRef, digits: int, random_below: RandomBelow) -> Draft:
        """A fresh code: uniform over 10^digits, leading zeros kept (NIST 800-63B-4 §3.1.3.1)."""
        code = f"{random_below(10**digits):0{digits}d}"
        pepper = self._peppers.current
        return Draft(
            pepper.id,
            mac=_mac(pepper.secret, challenge, code),
            ciphertext=self._encryption.encrypt(code.encode(), challenge.challenge_id.bytes),
        )

    def reveal(self, challenge: ChallengeRef, ciphertext: bytes) -> str:
        """The code, for the moment of sealing it to the notifier. Raises: Undecryptable."""
        return self._encryption.decrypt(ciphertext, challenge.challenge_id.bytes).decode()

    def macs(self, challenge: ChallengeRef, typed: str) -> Iterator[tuple[str, bytes]]:
        """What the stored MAC would be for `typed`, under each pepper that may have made it: by label."""
        for pepper in self._peppers:
            yield pepper.id, _mac(pepper.secret, challenge, typed)


def _labelled(keys: Keyring) -> Keyring:
    """The same keys, by what a record calls them: its size is then the same for ids of 1 and of 32 characters, and no
    ciphertext exceeds the 64 bytes above which Redis keeps the hash as a table (`hash-max-listpack-value`)."""
    return Keyring([Key(encode(hashlib.sha256(key.id.encode()).digest()[:LABEL_BYTES]), key.secret) for key in keys])


def _mac(pepper: bytes, challenge: ChallengeRef, code: str) -> bytes:
    """HMAC-SHA-256, 32 bytes, over account, challenge and code: worthless for any other challenge."""
    bound = challenge.account_id.bytes + challenge.challenge_id.bytes + code.encode()
    return hmac.digest(pepper, bound, hashlib.sha256)
