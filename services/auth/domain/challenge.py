"""A challenge as auth knows it: a signed token, and nothing in a database."""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.auth.domain.decision import Reason
from services.auth.domain.factor import Method

MOST_LABEL_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class Client:
    """What the gateway says about the program that signs in. `product` becomes the token's audience."""

    product: str = "gatepost"
    ip: str | None = None
    user_agent: str | None = None

    @property
    def label(self) -> str:
        """What its owner knows it by in a list of sessions or devices."""
        return (self.user_agent or self.product)[:MOST_LABEL_CHARS]

    def hash(self, key: bytes) -> str:
        """HMAC-SHA-256, hex: binds token and stored code to this client. Trying addresses on it takes the key."""
        return hmac.digest(key, json.dumps(asdict(self), sort_keys=True).encode(), hashlib.sha256).hex()


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the challenge token says. `id` is public and grants nothing; the token does.

    `methods` are those that may answer it, in the order they are offered. `purpose` is `login`, or the one action
    that the step-up is for; `session_id` is the session that a step-up was asked for in, `label` its client's.
    `new_address`, encrypted, is the one that the code proves.
    """

    id: UUID
    account_id: UUID
    region: str
    policy_version: int | None
    reason: Reason
    purpose: str
    methods: tuple[Method, ...]
    product: str
    label: str
    client_hash: str
    issued_at: datetime
    expires_at: datetime
    session_id: UUID | None = None
    new_address: str | None = None
