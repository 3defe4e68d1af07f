"""One valid event of each kind, and keys for them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from nacl.public import PrivateKey

from shared.events import EmailOutcome, Event, LoginChallenged, Outcome, PasscodeIssued, PolicyMode, RegionPolicyChanged
from shared.keyring import Key, Keyring

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CHALLENGE_ID = UUID("6d3c5b6e-53a6-4f0e-9b7e-0f6a52b2f5f1")
ACCOUNT_ID = UUID("0b6f6f3e-6f0e-4a5e-8c39-4b2c1b0c9a11")
MESSAGE_ID = UUID("a2f0c0de-9a3b-4a53-9d0a-52f5c1c9f001")
SEALED = "seal-1.AAEC"


def login_challenged(**changes: Any) -> LoginChallenged:
    values: dict[str, Any] = {
        "challenge_id": CHALLENGE_ID,
        "account_id": ACCOUNT_ID,
        "address": SEALED,
        "locale": "de",
        "region": "emea",
        "policy_version": 3,
        "purpose": "login",
        "product": "editor",
        "client_hash": "c" * 64,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return LoginChallenged(**(values | changes))


def passcode_issued(**changes: Any) -> PasscodeIssued:
    values: dict[str, Any] = {
        "challenge_id": CHALLENGE_ID,
        "message_id": MESSAGE_ID,
        "account_id": ACCOUNT_ID,
        "code": SEALED,
        "address": SEALED,
        "locale": "de",
        "region": "emea",
        "purpose": "login",
        "expires_at": NOW + timedelta(minutes=10),
    }
    return PasscodeIssued(**(values | changes))


def email_outcome(**changes: Any) -> EmailOutcome:
    values: dict[str, Any] = {
        "message_id": MESSAGE_ID,
        "account_id": ACCOUNT_ID,
        "challenge_id": CHALLENGE_ID,
        "region": "emea",
        "provider": "sendgrid",
        "outcome": Outcome.ACCEPTED,
        "attempt": 1,
        "at": NOW,
    }
    return EmailOutcome(**(values | changes))


def region_policy(**changes: Any) -> RegionPolicyChanged:
    values: dict[str, Any] = {
        "region": "emea",
        "version": 3,
        "mode": PolicyMode.ENFORCED,
        "salt": "0123456789abcdef",
        "changed_at": NOW,
    }
    return RegionPolicyChanged(**(values | changes))


def one_of_each() -> tuple[Event, ...]:
    return login_challenged(), passcode_issued(), email_outcome(), region_policy()


def private_ring(*names: str) -> Keyring:
    """Keys that differ by name and are the same in every run."""
    return Keyring([Key(name, name.encode().ljust(32, b"\x01")) for name in names])


def public_ring(private: Keyring) -> Keyring:
    return Keyring([Key(key.id, bytes(PrivateKey(key.secret).public_key)) for key in private])
