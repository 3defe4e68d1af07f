"""How many accounts a region has, and whom it would ask for a mailed code."""

from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from shared.events.base import Event, RegionName

COHORTS = 10_000
"""A ramp at N basis points asks the accounts of the first N cohorts."""


class CohortSpread(BaseModel):
    """How those who are asked lie over the ramp of a region with this salt.

    `concerned`: of equally wide slots that cover all cohorts, in their order; as many as divide 10,000.
    `unusable`: by slot, counting from 0, where there are any.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    salt: str = Field(min_length=8, max_length=64)
    concerned: list[NonNegativeInt] = Field(min_length=1, max_length=COHORTS)
    unusable: dict[NonNegativeInt, PositiveInt]

    @model_validator(mode="after")
    def _slots_are_equally_wide(self) -> Self:
        if COHORTS % len(self.concerned) or any(slot >= len(self.concerned) for slot in self.unusable):
            raise ValueError("slots must cover the 10,000 cohorts, each as wide as the others")
        return self


class RegionPopulationCounted(Event):
    """All accounts of a region, each in one of these: the first that applies, as a login decides. Compacted.

    `concerned`: the rest, whom the region's policy is about; `unusable`: those of them whose address takes no mail.
    `spread` None: the region had no policy yet, and so no salt. `counted_at`: when the count began.
    """

    topic = "gatepost.auth.region-population.v1"
    type = "gatepost.auth.region-population.v1"
    source = "gatepost/auth"

    region: RegionName
    sso: int = Field(ge=0)
    locked: int = Field(ge=0)
    totp: int = Field(ge=0)
    own_mfa: int = Field(ge=0)
    concerned: int = Field(ge=0)
    unusable: int = Field(ge=0)
    spread: CohortSpread | None
    counted_at: AwareDatetime

    @property
    def id(self) -> str:
        return f"{self.region}:{round(self.counted_at.timestamp() * 1_000_000)}"

    @property
    def key(self) -> str:
        return self.region
