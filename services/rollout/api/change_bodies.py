"""What goes in and out of `/v1/changes`."""

from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.rollout.api.region_bodies import Moment, PolicyRequest, Reason
from services.rollout.domain.change import Change, State
from services.rollout.domain.direction import Direction
from services.rollout.domain.region import Policy, Region
from services.rollout.domain.wish import Wish
from shared.events import PolicyMode, RegionName


class ChangeRequest(PolicyRequest):
    """The policy that a region shall have, and when."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "region": "emea",
                "mode": "ramp",
                "percent": 2500,
                "reason": "wave 2, first step, as agreed on Monday",
                "apply_at": "2027-02-01T09:00:00Z",
            }
        }
    )

    region: RegionName
    apply_at: Moment | None = Field(None, description="not before then; null: once somebody applies it")

    @property
    def asked(self) -> Wish:
        return Wish(region=self.region, policy=self.policy, reason=self.reason, apply_at=self.apply_at)


class Because(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    reason: Reason = Field(description="why; stands in the audit", examples=["not on a Friday"])


class PolicyOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    mode: PolicyMode
    percent: int = Field(description="basis points")
    announce_at: AwareDatetime | None
    enforce_at: AwareDatetime | None
    bypass_until: AwareDatetime | None


class ChangeOut(BaseModel):
    id: UUID
    revision: int = Field(ge=1, description="also the ETag: give it in `If-Match` to do something with it")
    region: RegionName
    base_version: int = Field(description="of the region that it changes; 0: it makes the region")
    direction: Direction = Field(description="`raises` needs another person's approval")
    state: State
    policy: PolicyOut = Field(description="what is wanted")
    reason: str
    apply_at: AwareDatetime | None
    digest: str = Field(description="SHA-256 of all that is wanted: what an approval is bound to")
    author: str
    authors: list[str] = Field(description="who wrote any of it, and so may not approve it")
    approved_by: str | None
    ended_because: str | None
    changed_at: AwareDatetime

    @classmethod
    def of(cls, change: Change) -> Self:
        content = change.content
        return cls(
            id=change.id,
            revision=change.revision,
            region=content.region,
            base_version=content.base_version,
            direction=change.direction,
            state=change.state,
            policy=PolicyOut.model_validate(content.policy),
            reason=content.reason,
            apply_at=content.apply_at,
            digest=content.digest,
            author=change.author,
            authors=sorted(change.approval.authors),
            approved_by=change.approval.by,
            ended_because=change.ended_because,
            changed_at=change.changed_at,
        )


class DifferenceOut(BaseModel):
    field: str = Field(examples=["percent"])
    before: str | int | None
    after: str | int | None


class ChangeInFullOut(ChangeOut):
    differences: list[DifferenceOut] = Field(description="between the base version and what is wanted")

    @classmethod
    def told(cls, change: Change, base: Region | None) -> Self:
        return cls(**ChangeOut.of(change).model_dump(), differences=_differences(base.policy if base else None, change))


def _differences(base: Policy | None, change: Change) -> list[DifferenceOut]:
    before = {} if base is None else PolicyOut.model_validate(base).model_dump(mode="json")
    after = PolicyOut.model_validate(change.content.policy).model_dump(mode="json")
    return [
        DifferenceOut(field=name, before=before.get(name), after=value)
        for name, value in after.items()
        if before.get(name) != value
    ]


class ChangesOut(BaseModel):
    """The newest first."""

    changes: list[ChangeOut]
    next: str | None = Field(description="give it as `cursor` to read on; null: that was all")
