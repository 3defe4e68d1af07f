"""What each region asks for, as this instance knows it."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.events import RegionPolicyChanged

COHORTS: Final = 10_000


def cohort_of(salt: str, account_id: UUID) -> int:
    """SHA-256(salt ‖ account id) mod 10 000: stable, so a higher percentage always is a superset (DESIGN §5)."""
    return int.from_bytes(hashlib.sha256(f"{salt}{account_id}".encode()).digest()) % COHORTS


def in_ramp(policy: RegionPolicyChanged, account_id: UUID) -> bool:
    return cohort_of(policy.salt, account_id) < policy.percent


def bypass_holds(policy: RegionPolicyChanged, now: datetime) -> bool:
    """A bypass ends by the clock; no event is needed for that."""
    return policy.bypass_until is not None and now < policy.bypass_until


class RegionPolicies:
    """The newest policy of each region. An older version never replaces a newer one, however it gets here."""

    def __init__(self) -> None:
        self._known: dict[str, RegionPolicyChanged] = {}
        self._unreadable: set[str] = set()
        self.loaded = False

    def apply(self, policy: RegionPolicyChanged) -> bool:
        """Whether it was news."""
        known = self._known.get(policy.region)
        if known is not None and known.version > policy.version:
            return False
        self._unreadable.discard(policy.region)
        self._known[policy.region] = policy
        return known != policy

    def forget(self, region: str) -> None:
        """Its newest policy cannot be read: until one can, the region counts as unknown and is challenged."""
        self._unreadable.add(region)

    def of(self, region: str) -> RegionPolicyChanged | None:
        return None if region in self._unreadable else self._known.get(region)

    def all(self) -> Iterable[RegionPolicyChanged]:
        """Of each region that is not unknown: a start from these must not know more than we do."""
        return tuple(policy for region, policy in self._known.items() if region not in self._unreadable)
