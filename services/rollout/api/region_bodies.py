"""What goes in and out of `/v1/regions`."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from services.rollout.domain.reason import LONGEST, SHORTEST, ReasonObjection, reason_of
from services.rollout.domain.region import Objection, Policy, Region, policy_of
from services.rollout.domain.wish import Bypass, Wish
from shared.events import PolicyMode, RegionName
from shared.problem import ProblemType

# Pydantic alone also takes numbers, "1700000000" and dates without a time.
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _rfc3339(value: Any) -> Any:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("rfc3339", "a date and time with offset, as in RFC 3339")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:  # 9999-12-31T23:00-05:00 is in a year that does not exist
        raise PydanticCustomError("rfc3339", "outside of the calendar") from None


def _reason(text: str) -> str:
    reason = reason_of(text)
    if isinstance(reason, ReasonObjection):
        raise PydanticCustomError(reason.value, "3 to 500 characters on one line")
    return reason


UNKNOWN_REGION: Final = ProblemType(404, "unknown-region", "There is no region of that name")

Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_in_utc)]
Reason = Annotated[str, AfterValidator(_reason), Field(json_schema_extra={"minLength": SHORTEST, "maxLength": LONGEST})]


class PolicyRequest(BaseModel):
    """The policy a region shall have: all of it, since a PUT replaces."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "example": {
                "mode": "ramp",
                "percent": 2500,
                "reason": "wave 2, first step, as agreed on Monday",
                "announce_at": "2027-01-04T09:00:00Z",
                "enforce_at": "2027-02-01T09:00:00Z",
            }
        },
    )

    mode: PolicyMode = Field(description="what raises, and `bypassed`, needs another person's approval")
    percent: int | None = Field(
        None, strict=True, ge=0, le=10_000, description="basis points; needed for `ramp`, ignored for other modes"
    )
    reason: Reason = Field(description="why; kept with the version")
    announce_at: Moment | None = Field(None, description="when people are told; not after `enforce_at`")
    enforce_at: Moment | None = Field(None, description="when the requirement is planned to hold for everybody")
    bypass_until: Moment | None = Field(
        None,
        description="with `bypassed` and only then: at most 4 hours ahead. Dates and share stay as they are",
    )

    @model_validator(mode="after")
    def _is_a_policy(self) -> Self:
        if isinstance(asked := self._asked(), Objection):
            raise PydanticCustomError(asked.value, "this is no policy")
        return self

    def _asked(self) -> Policy | Bypass | Objection:
        if self.mode is PolicyMode.BYPASSED and self.bypass_until is not None:
            return Bypass(self.bypass_until)
        if self.bypass_until is not None:
            return Objection.BYPASS_IS_NO_MODE
        return policy_of(self.mode, self.percent, self.announce_at, self.enforce_at)

    @property
    def policy(self) -> Policy | Bypass:
        asked = self._asked()
        assert not isinstance(asked, Objection)  # checked above
        return asked

    def wish(self, region: str) -> Wish:
        return Wish(region=region, policy=self.policy, reason=self.reason)


class RegionOut(BaseModel):
    """A region at the version that stands."""

    region: RegionName
    version: int = Field(ge=1, description="also the ETag: give it in `If-Match` to change the region")
    mode: PolicyMode
    percent: int = Field(ge=0, le=10_000, description="share of the accounts that must give a code, in basis points")
    announce_at: AwareDatetime | None
    enforce_at: AwareDatetime | None
    bypass_until: AwareDatetime | None = Field(description="with `bypassed`: then `percent` is asked for a code again")
    reason: str
    changed_by: str
    changed_at: AwareDatetime
    change_id: UUID | None = Field(description="the change that made this version; null for those from before changes")

    @classmethod
    def of(cls, region: Region) -> Self:
        return cls(
            region=region.name,
            version=region.version,
            mode=region.policy.mode,
            percent=region.policy.percent,
            announce_at=region.policy.announce_at,
            enforce_at=region.policy.enforce_at,
            bypass_until=region.policy.bypass_until,
            reason=region.reason,
            changed_by=region.author,
            changed_at=region.changed_at,
            change_id=region.change_id,
        )


class RegionsOut(BaseModel):
    """All regions, by name."""

    regions: list[RegionOut]
