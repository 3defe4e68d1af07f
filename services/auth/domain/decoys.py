"""What a username that nobody has costs, so that the time of an answer does not tell whether somebody has it.

Where all hashes are ours, that is one of ours. Imported accounts cost what their hash costs until their first login:
a name that nobody has must cost as much as often, and always the same, or asking twice would tell. So each name meets
one decoy, chosen by a keyed hash, in the shares that the accounts have. As accounts come to ours, shares shrink and
names do as the accounts do.
"""

import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Final

# Behind the part of a hash that says what it costs: any salt and digest, of the lengths of its scheme.
_SALT: Final = "c29tZSBzYWx0IHRoZXJl"
_REST: Final = (
    ("$argon2id$", f"{_SALT}${'A' * 43}"),
    ("$2", "abcdefghijklmnopqrstuu" + "A" * 30 + "C"),
    ("$scrypt$", f"{_SALT}${'A' * 43}"),
    ("$pbkdf2-sha256$", f"{_SALT}${'A' * 43}"),
    ("$pbkdf2-sha512$", f"{_SALT}${'A' * 86}"),
    ("pbkdf2_sha256$", f"salt${'A' * 43}="),
)


def decoy_of(cost: str) -> str | None:
    """A hash that costs so much. `cost` is a hash up to its salt: `$2b$12$`, `$scrypt$ln=16,r=8,p=1$`."""
    return next((cost + rest for scheme, rest in _REST if cost.startswith(scheme)), None)


class Decoys:
    """`key` is the same in all instances and secret: who had it could tell the decoy of a name."""

    def __init__(self, key: bytes, ours: str) -> None:
        self._key = key
        self._hashes = [ours]
        self._bounds: list[float] = []

    def follow(self, costs: Mapping[str, int]) -> None:
        """`costs`: how many accounts have a hash of each cost. Of none, or unknown ones, nothing is learned."""
        known = {decoy: count for cost, count in sorted(costs.items()) if count > 0 and (decoy := decoy_of(cost))}
        if known:
            total = sum(known.values())
            self._hashes = list(known)
            self._bounds = [sum_so_far / total for sum_so_far in accumulate(known.values())][:-1]

    def of(self, username_key: str) -> str:
        """The hash to verify for a name that nobody has; whatever comes out, it is no login."""
        place = hmac.digest(self._key, username_key.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return self._hashes[bisect_right(self._bounds, int.from_bytes(place[:7]) / 2**56)]
