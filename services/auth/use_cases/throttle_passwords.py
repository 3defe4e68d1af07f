"""How many wrong passwords there may be, and from where. Only failures cost; nobody is locked out by a stranger.

A login that brings a token of one of the account's devices is counted for that device alone. Any other is counted
for the account at this address and for the address, never for the account as such: an account has no limit that
somebody elsewhere can use up.
"""

import hashlib
import hmac
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.auth.domain.client_address import Address, client_network
from services.auth.domain.gcra import Bucket, Limit
from shared.unavailable import DependencyUnavailable


class Buckets(Protocol):
    async def take(self, buckets: Sequence[Bucket]) -> int:
        """One from each, and 0; or none from any, and the ms until it may be tried again.

        Raises: DependencyUnavailable.
        """

    async def give_back(self, buckets: Sequence[Bucket]) -> None:
        """One to each. Raises: DependencyUnavailable."""


@dataclass(frozen=True, slots=True)
class Limits:
    account_at_address: Limit
    address: Limit
    account_on_device: Limit


@dataclass(frozen=True, slots=True)
class Admitted:
    """One was taken of each of these, from that store."""

    buckets: tuple[Bucket, ...]
    store: Buckets


@dataclass(frozen=True, slots=True)
class Throttled:
    retry_after_s: int


class ThrottlePasswords:
    """`everywhere` counts for all instances; while it is away, `here` counts for this one, with half the bursts.

    `secret` keys the hashes under which names and addresses are counted.
    """

    def __init__(self, everywhere: Buckets, here: Buckets, limits: Limits, secret: bytes) -> None:
        self._everywhere = everywhere
        self._here = here
        self._limits = limits
        self._secret = secret

    async def admit(self, username_key: str, address: Address | None, device_id: UUID | None) -> Admitted | Throttled:
        """Before the password is looked at: it counts as wrong until `succeeded`, so that no number of parallel calls
        gets more looks than the limits allow.

        `address` None: unknown; all such count as one. `device_id`: only of a device known for this account.
        """
        buckets = self._buckets(username_key, client_network(address) if address else "unknown", device_id)
        store = self._everywhere
        try:
            wait_ms = await store.take(buckets)
        except DependencyUnavailable:
            store, buckets = self._here, tuple(bucket.halved() for bucket in buckets)
            wait_ms = await store.take(buckets)
        return Throttled(math.ceil(wait_ms / 1000)) if wait_ms else Admitted(buckets, store)

    async def succeeded(self, admitted: Admitted) -> None:
        """The password was right, or nobody came to look at it."""
        with suppress(DependencyUnavailable):  # it costs one try, as if it had been wrong
            await admitted.store.give_back(admitted.buckets)

    def _buckets(self, account: str, address: str, device_id: UUID | None) -> tuple[Bucket, ...]:
        limits = self._limits
        if device_id is not None:
            return (self._bucket(limits.account_on_device, "account-device", account, str(device_id)),)
        return (
            self._bucket(limits.account_at_address, "account-address", account, address),
            self._bucket(limits.address, "address", address),
        )

    def _bucket(self, limit: Limit, *parts: str) -> Bucket:
        # No part holds a NUL: nothing that is counted can be spelled as something else.
        message = "\0".join(parts).encode()
        return Bucket(f"throttle:{hmac.digest(self._secret, message, hashlib.sha256).hex()}", limit)
