"""How many accounts of a region its policy is about, and how they lie over its ramp. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.auth.domain.region_policy import COHORTS
from shared.events import CohortSpread, RegionPopulationCounted
from shared.mail_address import is_address


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationPage:
    """Some accounts of a region that follow each other by id, each in one of these.

    `cohorts`: of those who are concerned. `odd`: of those of them whose address is not plain ASCII, also the address.
    `last` None: there are no more accounts.
    """

    last: UUID | None
    sso: int
    locked: int
    totp: int
    own_mfa: int
    cohorts: Sequence[int]
    odd: Sequence[tuple[int, str]] = field(repr=False)


class PopulationTally:
    """Adds pages up."""

    def __init__(self, region: str, salt: str | None, counted_at: datetime) -> None:
        self._region = region
        self._salt = salt
        self._counted_at = counted_at
        self._exempt = dict.fromkeys(("sso", "locked", "totp", "own_mfa"), 0)
        self._concerned = [0] * COHORTS
        self._unusable: dict[int, int] = {}

    def add(self, page: PopulationPage) -> None:
        for name in self._exempt:
            self._exempt[name] += getattr(page, name)
        for cohort in page.cohorts:
            self._concerned[cohort] += 1
        for cohort, address in page.odd:
            if not is_address(address):
                self._unusable[cohort] = self._unusable.get(cohort, 0) + 1

    def counted(self) -> RegionPopulationCounted:
        spread = None
        if self._salt is not None:
            spread = CohortSpread(salt=self._salt, concerned=self._concerned, unusable=self._unusable)
        return RegionPopulationCounted(
            region=self._region,
            **self._exempt,
            concerned=sum(self._concerned),
            unusable=sum(self._unusable.values()),
            spread=spread,
            counted_at=self._counted_at,
        )
