"""What a region asks for."""

from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from shared.events.base import BasisPoints, Event, RegionName


class PolicyMode(StrEnum):
    OFF = "off"
    SHADOW = "shadow"
    RAMP = "ramp"
    ENFORCED = "enforced"
    BYPASSED = "bypassed"


class RegionPolicyChanged(Event):
    """The whole policy of one region. Compacted: the newest version is the state; never a tombstone."""

    topic = "gatepost.rollout.region-policy.v1"
    type = "gatepost.rollout.region-policy.v1"
    source = "gatepost/rollout"

    region: RegionName
    version: int = Field(ge=1)
    mode: PolicyMode
    percent: BasisPoints = 0
    salt: str = Field(min_length=8, max_length=64)
    announce_at: AwareDatetime | None = None
    enforce_at: AwareDatetime | None = None
    bypass_until: AwareDatetime | None = None
    changed_at: AwareDatetime

    @model_validator(mode="after")
    def _bypass_has_an_end(self) -> Self:
        if (self.mode is PolicyMode.BYPASSED) != (self.bypass_until is not None):
            raise ValueError("bypass_until goes with mode bypassed, and only with it")
        return self

    @property
    def id(self) -> str:
        return f"{self.region}:{self.version}"

    @property
    def key(self) -> str:
        return self.region
