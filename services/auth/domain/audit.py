"""Who did what to which account, and why. Written in the transaction that does it; never changed afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Action(StrEnum):
    ACCOUNT_LOCKED = "account-locked"
    ACCOUNT_UNLOCKED = "account-unlocked"
    SSO_MARKED = "sso-marked"
    SSO_UNMARKED = "sso-unmarked"
    FACTORS_RESET = "factors-reset"
    IMPORT_BEGUN = "import-begun"
    ACCOUNTS_IMPORTED = "accounts-imported"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a name
    EMAIL_CHANGED = "email-changed"
    TOTP_ENROLLED = "totp-enrolled"
    TOTP_REMOVED = "totp-removed"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    DEVICE_TRUSTED = "device-trusted"
    DEVICE_REVOKED = "device-revoked"
    DEVICE_TOKEN_REPLAYED = "device-token-replayed"  # noqa: S105 - a name
    SESSION_REVOKED = "session-revoked"
    REFRESH_TOKEN_REPLAYED = "refresh-token-replayed"  # noqa: S105 - a name
    KEYS_ROTATED = "keys-rotated"
    ANNOUNCEMENT_PAUSED = "announcement-paused"
    ANNOUNCEMENT_RESUMED = "announcement-resumed"
    ANNOUNCEMENT_PACED = "announcement-paced"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`actor`: `account:<id>` for the account's owner, `operator:<name>`, `caller:<name>`, `cli` or `system`.

    `detail` holds ids and fixed words; never an address, a code or a token.
    """

    actor: str
    action: Action
    account_id: UUID | None
    reason: str | None = None
    detail: Mapping[str, str | int | None] = field(default_factory=dict)


def owner(account_id: UUID) -> str:
    return f"account:{account_id}"


def operator(name: str) -> str:
    return f"operator:{name}"


SYSTEM = "system"
COMMAND_LINE = "cli"
