"""What goes out of `/v1/regions/{region}/pause`, `/resume` and `/guard`."""

from typing import Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.rollout.domain.pause import Pause
from services.rollout.domain.verdict import Measure, Result
from services.rollout.use_cases.guard_regions import Guarded
from shared.events import RegionName


class PauseOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    region: RegionName
    since: AwareDatetime
    by: str = Field(description="an operator, or `system` for the guard")
    because: str
    figures: dict[str, Any] | None = Field(description="what the guard saw then; null: a person paused it")
    ended_at: AwareDatetime | None = Field(description="null: it stands")
    ended_by: str | None
    ended_because: str | None

    @classmethod
    def of(cls, pause: Pause) -> Self:
        return cls.model_validate(pause)


class FigureOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    measure: Measure = Field(description="shares of challenges; `p95_accepted_s`: seconds, for 95 of 100")
    value: float | None = Field(description="null: nothing to measure")
    sample: int = Field(description="challenges that it is of")
    limit: float = Field(description="what it is held to")
    baseline: float | None = Field(description="what the region had before; null: not known, or it does not count")
    result: Result


class WindowOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    window: str = Field(examples=["15m"])
    figures: list[FigureOut]


class ThresholdsOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    minimum_sample: int
    least_accepted: float
    least_delivered: float
    least_verified: float
    most_bounced: float
    most_locked: float
    most_p95_accepted_s: float
    most_below_baseline: float


class GuardOut(BaseModel):
    region: RegionName
    result: Result = Field(description="`hold`: too little is known to say either")
    because: str
    as_of: AwareDatetime = Field(description="up to when everything was heard")
    evidence_since: AwareDatetime = Field(description="what came before counts no more: somebody resumed the region")
    thresholds: ThresholdsOut
    windows: list[WindowOut] = Field(description="by the moment of the challenge, the shortest first")
    pause: PauseOut | None = Field(description="the one that stands")

    @classmethod
    def of(cls, guarded: Guarded) -> Self:
        verdict = guarded.verdict
        return cls(
            region=guarded.region.name,
            result=verdict.result,
            because=verdict.because,
            as_of=verdict.as_of,
            evidence_since=guarded.since,
            thresholds=ThresholdsOut.model_validate(guarded.thresholds),
            windows=[WindowOut.model_validate(window) for window in verdict.figures],
            pause=None if guarded.pause is None else PauseOut.of(guarded.pause),
        )
