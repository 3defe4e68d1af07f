"""Which policies the instances of auth have applied."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.events.base import Event, RegionName


class AppliedVersion(BaseModel):
    """`latency_ms`: from the policy's `changed_at` until it held; None: it was there when the instance began."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    version: int = Field(ge=1)
    latency_ms: int | None = Field(ge=0)


class PolicyApplied(Event):
    """What an instance stands at: all regions that it knows, told at each change and every `every_s` seconds besides.
    Compacted: the newest says all that an earlier one did. `going`: its last; it serves nobody any more."""

    topic = "gatepost.auth.policy-applied.v1"
    type = "gatepost.auth.policy-applied.v1"
    source = "gatepost/auth"

    instance: UUID
    name: str = Field(min_length=1, max_length=128)
    regions: dict[RegionName, AppliedVersion]
    every_s: float = Field(gt=0, le=3600)
    going: bool
    at: AwareDatetime

    @property
    def id(self) -> str:
        return f"{self.instance}:{round(self.at.timestamp() * 1_000_000)}"

    @property
    def key(self) -> str:
        return str(self.instance)


class InstanceForgotten(Event):
    """An operator says that the silent instance, last heard at `heartbeat_at` (its own clock), is no more."""

    topic = "gatepost.rollout.instance-forgotten.v1"
    type = "gatepost.rollout.instance-forgotten.v1"
    source = "gatepost/rollout"

    instance: UUID
    heartbeat_at: AwareDatetime
    forgotten_by: str = Field(min_length=1, max_length=128)
    at: AwareDatetime

    @property
    def id(self) -> str:
        return f"{self.instance}:{round(self.heartbeat_at.timestamp() * 1_000_000)}"

    @property
    def key(self) -> str:
        return str(self.instance)
