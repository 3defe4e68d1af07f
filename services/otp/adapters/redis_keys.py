"""Where things lie in Redis.

A cluster keeps keys with the same `{tag}` together, so that one script may touch all of them. The tag is not the
account but one of 256 that the accounts share: a challenge's end must be noted together with the challenge, in a set
that can be found without knowing the account (docs/decisions/0016).
"""

import hashlib
from typing import Final
from uuid import UUID

from services.otp.domain.challenge import ChallengeRef
from shared.keyring import encode

SLOTS: Final = 256


def ends_key(slot: int) -> str:
    """Of 0 … 255."""
    return f"{{otp-{slot:02x}}}:ends"


def slot_of(account_id: UUID) -> int:
    return hashlib.sha256(account_id.bytes).digest()[0]


def challenge_keys(challenge: ChallengeRef) -> list[str]:
    """The challenge, its account, the ends of their slot: what every script about a challenge is given."""
    slot, account = slot_of(challenge.account_id), encode(challenge.account_id.bytes)
    tag = f"{{otp-{slot:02x}}}"
    return [f"{tag}:c:{account}:{encode(challenge.challenge_id.bytes)}", f"{tag}:a:{account}", ends_key(slot)]


def ids_of(challenge: ChallengeRef) -> bytes:
    """32 bytes: what scripts echo, and what an end begins with."""
    return challenge.account_id.bytes + challenge.challenge_id.bytes


def channel_of(challenge: ChallengeRef) -> bytes:
    """Where a script tells that the challenge has changed."""
    return b"otp:" + challenge.challenge_id.bytes
