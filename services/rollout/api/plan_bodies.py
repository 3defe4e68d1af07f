"""What goes into `/v1/plans`."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.rollout.api.announcement_bodies import TimeZone
from services.rollout.api.region_bodies import Reason
from services.rollout.domain.plan_content import PlanContent
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.wave import Member, Wave
from shared.events import RegionName

WALL: Final = re.compile(r"2[01]\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
_DURATION: Final = re.compile(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?", re.ASCII)


def _wall(value: Any) -> Any:
    if not isinstance(value, str) or not WALL.fullmatch(value):
        raise PydanticCustomError("wall_clock", "a date and time without offset, as 2027-02-01T09:00")
    return value


def _duration(value: Any) -> Any:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise PydanticCustomError("duration", "days, hours, minutes and seconds in ISO 8601, as P1D or PT4H")
    return value


WallClock = Annotated[
    datetime,
    BeforeValidator(_wall),
    Field(json_schema_extra={"format": "wall-clock", "pattern": WALL.pattern}),
]
Duration = Annotated[timedelta, BeforeValidator(_duration), Field(json_schema_extra={"pattern": _DURATION.pattern})]
# One line, and nothing that makes a text read as something else: as in domain/reason.py.
Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{1,100}$")]

Share = Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class MemberRequest(_Body):
    region: RegionName
    time_zone: TimeZone = Field(description="IANA name: whose clock the wave's dates are on")


class ThresholdsRequest(_Body):
    """All of them: a threshold that is missing, or nought, would let everything pass or nothing."""

    minimum_sample: int = Field(strict=True, ge=1, le=1_000_000, description="challenges, below which nothing is said")
    least_accepted: Share
    least_delivered: Share
    least_verified: Share
    most_bounced: Share
    most_locked: Share
    most_p95_accepted_s: float = Field(strict=True, gt=0, le=3_600, allow_inf_nan=False)
    most_below_baseline: Share

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(**self.model_dump())


class WaveRequest(_Body):
    """All dates are without offset, on each region's own clock."""

    name: Name
    regions: list[MemberRequest] = Field(min_length=1, max_length=200)
    announce_at: WallClock | None = Field(None, description="when people are told by mail; null: they are not")
    shadow_at: WallClock | None = Field(None, description="from when it is counted who would be asked; null: never")
    begin_at: WallClock = Field(description="when the first are asked for a code")
    steps: list[Annotated[int, Field(strict=True, ge=1, le=9_999)]] = Field(
        max_length=100, description="shares in basis points, rising; after the last everybody is asked"
    )
    step_every: Duration = Field(description="between steps; days are added on the wall clock")
    thresholds: ThresholdsRequest | None = Field(
        None, description="what the wave's gates hold its regions to; null: what the guard holds every region to"
    )

    @property
    def wave(self) -> Wave:
        return Wave(
            name=self.name,
            members=tuple(Member(each.region, each.time_zone, 0) for each in self.regions),
            announce_at=self.announce_at,
            shadow_at=self.shadow_at,
            begin_at=self.begin_at,
            steps=tuple(self.steps),
            step_every=self.step_every,
            thresholds=None if self.thresholds is None else self.thresholds.thresholds,
        )


class PlanRequest(_Body):
    """Waves, of which each begins once those before it are through."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "everybody by spring",
                "reason": "as agreed with support on Monday",
                "waves": [
                    {
                        "name": "wave 1",
                        "regions": [{"region": "emea", "time_zone": "Europe/Berlin"}],
                        "announce_at": "2027-01-18T09:00",
                        "shadow_at": "2027-01-25T09:00",
                        "begin_at": "2027-02-01T09:00",
                        "steps": [500, 2500],
                        "step_every": "P2D",
                    }
                ],
            }
        }
    )

    name: Name
    reason: Reason
    waves: list[WaveRequest] = Field(min_length=1, max_length=50)

    @property
    def content(self) -> PlanContent:
        return PlanContent(name=self.name, reason=self.reason, waves=tuple(each.wave for each in self.waves))
