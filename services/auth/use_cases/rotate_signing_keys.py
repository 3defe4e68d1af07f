"""The next signing key, in good time; and an end, at once, to one that must not be trusted any more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from services.auth.domain.signing_keys import RandomBytes, SigningKey


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """`substitute` signs from now on; None: the withdrawn key was not the one that signs."""

    substitute: SigningKey | None


class NotWithdrawn(StrEnum):
    UNKNOWN = "unknown"
    ALREADY = "already withdrawn"


@dataclass(frozen=True, slots=True)
class LeadTooShort:
    """Some instance or gateway might meet a token before it knows its key."""

    least: timedelta


class SigningKeyStore(Protocol):
    """Each change is in the audit table with `actor`. Raises: DependencyUnavailable."""

    async def add(self, key: SigningKey, actor: str) -> None: ...

    async def withdraw(self, kid: str, substitute: SigningKey, actor: str) -> Withdrawn | NotWithdrawn:
        """`substitute` is added only if the key that is withdrawn is the one that signs."""


@dataclass(frozen=True, slots=True)
class RotateSigningKeys:
    store: SigningKeyStore
    random_bytes: RandomBytes
    now: Callable[[], datetime]
    least_lead: timedelta

    async def rotate(self, lead: timedelta, actor: str) -> SigningKey | LeadTooShort:
        """The key that will sign in `lead`."""
        if lead < self.least_lead:
            return LeadTooShort(self.least_lead)
        key = SigningKey.fresh(self.random_bytes, self.now(), lead)
        await self.store.add(key, actor)
        return key

    async def withdraw(self, kid: str, actor: str) -> Withdrawn | NotWithdrawn:
        """Every instance refuses its tokens as soon as it has read the keys again."""
        return await self.store.withdraw(kid, SigningKey.fresh(self.random_bytes, self.now()), actor)
