"""Addresses that are not mailed, because mail to them came back. Pure."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.keyring import Keyring


class Cause(StrEnum):
    """Why: the mailbox does not exist (any more), the provider dropped the mail, or its owner called it spam."""

    BOUNCED = "bounced"
    DROPPED = "dropped"
    SPAM_REPORT = "spam-report"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Ends by itself at `expires_at`; both times are aware."""

    cause: Cause
    since: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """What happened to mail for an address, and when."""

    address: str = field(repr=False)
    cause: Cause
    at: datetime


@dataclass(frozen=True, slots=True)
class SuppressedAccount:
    """Whose address is on the list."""

    account_id: UUID
    region: str


@dataclass(frozen=True, slots=True)
class SuppressionTerms:
    """How long an address is not mailed. A drop is short: it repeats what the provider's own list says, and ends soon
    after somebody has taken the address off that list."""

    bounced: timedelta = timedelta(days=30)
    dropped: timedelta = timedelta(days=7)
    spam_report: timedelta = timedelta(days=365)

    def suppression(self, cause: Cause, since: datetime) -> Suppression:
        lives = {Cause.BOUNCED: self.bounced, Cause.DROPPED: self.dropped, Cause.SPAM_REPORT: self.spam_report}
        return Suppression(cause, since, since + lives[cause])


class AddressHashes:
    """HMAC-SHA-256 in place of an address: who reads the list without the key cannot try addresses on it.

    Both parts of an address are lower-cased. To a mail server the first part may differ by case (RFC 5321 §2.4), but
    hardly any tells two people apart by it, and providers do not always report an address as it was written.
    """

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    def use(self, keys: Keyring) -> None:
        self._keys = keys

    def current(self, address: str) -> str:
        """By the key that new entries are made with; hexadecimal."""
        return self.all(address)[0]

    def all(self, address: str) -> Sequence[str]:
        """By each key, so that an entry outlives a change of keys."""
        form = address.lower().encode()
        return [hmac.digest(key.secret, form, hashlib.sha256).hex() for key in self._keys]
