"""An account, as far as a login needs to know it."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AccountStatus(StrEnum):
    ACTIVE = "active"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Account:
    """`own_mfa`: the customer runs a second factor of its own, elsewhere. `totp`: an app is enrolled with us.
    `recovery_codes`: some are left.

    `epoch` rises with all that makes void what was begun before it: another password or address, a lock, SSO, factors
    reset, all sessions ended. `registered_at`: when the person signed up; None where nobody told us.
    """

    id: UUID
    email: str = field(repr=False)
    region: str
    locale: str
    password_hash: str | None = field(repr=False)
    sso: bool
    own_mfa: bool
    status: AccountStatus
    totp: bool = False
    recovery_codes: bool = False
    registered_at: datetime | None = None
    epoch: int = 0

    @property
    def may_sign_in(self) -> bool:
        return self.status is AccountStatus.ACTIVE and not self.sso


def username_key(username: str) -> str:
    """What makes two usernames the same one: case, width and composition do not count (RFC 8265 §3.3)."""
    return unicodedata.normalize("NFKC", username).casefold().strip()
