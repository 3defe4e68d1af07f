"""Accounts, policies and what stands around a login."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.auth.adapters.signed_tokens import SignedTokens
from services.auth.domain.account import Account, AccountStatus
from services.auth.domain.challenge import Challenge, Client
from services.auth.domain.decision import Reason
from services.auth.domain.factor import Method
from services.auth.domain.signing_keys import SigningKey, SigningKeys
from services.auth.use_cases.code_addresses import CodeAddresses
from shared.encryption import Encryption
from shared.events import PolicyMode, RegionPolicyChanged
from shared.keyring import Key, Keyring
from shared.sealing import Sealer
from tests.fakes import NOW
from tests.unit.shared.samples import public_ring

ACCOUNT_ID = UUID("0b6f6f3e-6f0e-4a5e-8c39-4b2c1b0c9a11")
CLIENT_KEY = b"c" * 32
SALT = "0123456789abcdef"
ISSUER = "https://auth.example"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def account(**changes: Any) -> Account:
    values: dict[str, Any] = {
        "id": ACCOUNT_ID,
        "email": "kim@customer.example",
        "region": "emea",
        "locale": "de",
        "password_hash": "hash:right",
        "sso": False,
        "own_mfa": False,
        "status": AccountStatus.ACTIVE,
    }
    return Account(**(values | changes))


def policy(mode: PolicyMode = PolicyMode.ENFORCED, **changes: Any) -> RegionPolicyChanged:
    values: dict[str, Any] = {"region": "emea", "version": 7, "mode": mode, "salt": SALT, "changed_at": NOW}
    if mode is PolicyMode.BYPASSED:
        values["bypass_until"] = NOW + timedelta(hours=1)
    return RegionPolicyChanged(**(values | changes))


def challenge(**changes: Any) -> Challenge:
    values: dict[str, Any] = {
        "id": uuid4(),
        "account_id": ACCOUNT_ID,
        "region": "emea",
        "policy_version": 7,
        "reason": Reason.REGION_ENFORCED,
        "purpose": "login",
        "methods": (Method.EMAIL_OTP,),
        "product": "editor",
        "label": "editor",
        "client_hash": Client("editor").hash(CLIENT_KEY),
        "issued_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return Challenge(**(values | changes))


def addresses_sealed_to(notifier: Keyring) -> CodeAddresses:
    return CodeAddresses(Sealer(public_ring(notifier)), Encryption(signing_ring("store-1")))


def signing_ring(*names: str) -> Keyring:
    return Keyring([Key(name, name.encode().ljust(32, b"\x02")) for name in names])


def signing_key(kid: str, **changes: Any) -> SigningKey:
    """Known to tests, and signing since long ago."""
    values: dict[str, Any] = {"seed": kid.encode().ljust(32, b"\x02"), "created_at": LONG_AGO, "signs_from": LONG_AGO}
    return SigningKey(kid, **(values | changes))


def tokens(clock: Any, *keys: SigningKey, issuer: str = ISSUER) -> SignedTokens:
    live = SigningKeys(keys or [signing_key("sign-1")])
    return SignedTokens(live, issuer, timedelta(minutes=15), timedelta(minutes=5), clock)
