"""The steps in which a key changes: added behind the others, it reads; promoted to the front, it writes; then the
ones behind it are retired. Each is safe once every instance has read the one before.

The ids say which key is the newest, since an order alone cannot: `p-20261124-1` is the first of that day.
"""

import re
from datetime import date
from enum import StrEnum
from typing import Final

from shared.keyring import Key, Keyring

PREFIX: Final = re.compile(r"[A-Za-z0-9_-]{1,16}")
_DATED: Final = re.compile(r"(.+)-(\d{8})-(\d{1,4})")


class Refusal(StrEnum):
    NOTHING_ADDED = "the newest key writes already: add one first"
    NOT_PROMOTED = "the newest key does not write yet: promote it first"
    NOTHING_BEHIND = "there is one key only"


def with_key(ring: Keyring | None, secret: bytes, today: date, prefix: str | None = None) -> Keyring:
    """The ring with one more key at its end, `secret` being 32 bytes; without a prefix it gets that of the newest."""
    newest = newest_of(ring).id if ring else ""
    day, number = max(_stamp(newest), (f"{today:%Y%m%d}", 0))  # a clock that went back makes no key older
    dated = _DATED.fullmatch(newest)
    name = prefix or (dated[1] if dated else "k")
    return Keyring([*(ring or ()), Key(f"{name}-{day}-{number + 1}", secret)])


def promoted(ring: Keyring) -> Keyring | Refusal:
    newest = newest_of(ring)
    if newest == ring.current:
        return Refusal.NOTHING_ADDED
    return Keyring([newest, *(key for key in ring if key != newest)])


def retired(ring: Keyring) -> Keyring | Refusal:
    if len(ring) == 1:
        return Refusal.NOTHING_BEHIND
    if newest_of(ring) != ring.current:
        return Refusal.NOT_PROMOTED
    return Keyring([ring.current])


def newest_of(ring: Keyring) -> Key:
    """By its id; ids without a date are older than all others, and among themselves the first one counts."""
    return max(ring, key=lambda key: _stamp(key.id))


def _stamp(key_id: str) -> tuple[str, int]:
    """Day and number; both are nothing if the id has none."""
    dated = _DATED.fullmatch(key_id)
    return (dated[2], int(dated[3])) if dated else ("", 0)
