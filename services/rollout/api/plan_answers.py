"""What `/v1/plans` answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, WithJsonSchema

from services.rollout.api.plan_bodies import WALL
from services.rollout.domain.move import Climb, Done, Move, Moved, Tell, Wait, Waiting
from services.rollout.domain.plan import Plan, PlanState
from services.rollout.domain.wave import Rung, RungName, Wave
from shared.events import PolicyMode, RegionName

ShownWall = Annotated[datetime, WithJsonSchema({"type": "string", "pattern": WALL.pattern})]


class MemberOut(BaseModel):
    region: RegionName
    time_zone: str
    base_version: int = Field(description="at which the region stood when this was written; 0: it did not exist")


class WaveOut(BaseModel):
    name: str
    regions: list[MemberOut]
    announce_at: ShownWall | None
    shadow_at: ShownWall | None
    begin_at: ShownWall
    steps: list[int]
    step_every: timedelta
    thresholds: dict[str, int | float] | None = Field(description="of its gates; null: the guard's own")

    @classmethod
    def of(cls, wave: Wave) -> Self:
        return cls(
            name=wave.name,
            regions=[
                MemberOut(region=each.region, time_zone=each.time_zone, base_version=each.base_version)
                for each in wave.members
            ],
            announce_at=wave.announce_at,
            shadow_at=wave.shadow_at,
            begin_at=wave.begin_at,
            steps=list(wave.steps),
            step_every=wave.step_every,
            thresholds=wave.thresholds.as_json() if wave.thresholds else None,
        )


class PlanOut(BaseModel):
    id: UUID
    revision: int = Field(ge=1, description="also the ETag: give it in `If-Match` to do something with it")
    name: str
    reason: str
    state: PlanState
    waves: list[WaveOut]
    digest: str = Field(description="SHA-256 of name, reason and waves: what an approval is bound to")
    author: str
    authors: list[str] = Field(description="who wrote any of it, and so may not approve it")
    approved_by: str | None
    because: str | None = Field(description="why it was paused, halted or ended")
    changed_at: AwareDatetime

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(
            id=plan.id,
            revision=plan.revision,
            name=plan.content.name,
            reason=plan.content.reason,
            state=plan.state,
            waves=[WaveOut.of(wave) for wave in plan.content.waves],
            digest=plan.content.digest,
            author=plan.author,
            authors=sorted(plan.approval.authors),
            approved_by=plan.approval.by,
            because=plan.because,
            changed_at=plan.changed_at,
        )


class NextOut(BaseModel):
    """What a region does next."""

    region: RegionName
    rung: RungName | None = Field(description="null: people are told by mail; or there is nothing left, or no way on")
    mode: PolicyMode | None
    percent: int | None = Field(description="basis points")
    waits_for: Waiting | None = Field(description="null: it is done within a second, if the plan runs")
    until: AwareDatetime | None
    because: str | None = Field(description="what the guard says, or who has moved the region")
    done: bool = Field(description="the requirement holds for everybody")

    @classmethod
    def of(cls, move: Move) -> Self:
        match move:
            case Climb(_, rung, due):
                return cls._told(move, rung, until=due)
            case Tell(_, begins_at):
                return cls._told(move, None, until=begins_at)
            case Wait(_, rung, why, until, verdict):
                return cls._told(move, rung, waits_for=why, until=until, because=verdict.because if verdict else None)
            case Moved(_, expected, standing):
                return cls._told(move, None, because=f"stands at version {standing}, not at {expected}")
            case Done():
                return cls._told(move, None, done=True)

    @classmethod
    def _told(
        cls,
        move: Move,
        rung: Rung | None,
        *,
        waits_for: Waiting | None = None,
        until: datetime | None = None,
        because: str | None = None,
        done: bool = False,
    ) -> Self:
        return cls(
            region=move.member.region,
            rung=rung.name if rung else None,
            mode=rung.policy.mode if rung else None,
            percent=rung.policy.percent if rung else None,
            waits_for=waits_for,
            until=until,
            because=because,
            done=done,
        )


class PlanInFullOut(PlanOut):
    course: list[NextOut] = Field(description="what each region does next, in the order of the waves")

    @classmethod
    def told(cls, plan: Plan, moves: Sequence[Move]) -> Self:
        return cls(**PlanOut.of(plan).model_dump(), course=[NextOut.of(move) for move in moves])


class PlansOut(BaseModel):
    """The newest first."""

    plans: list[PlanOut]
    next: str | None = Field(description="give it as `cursor` to read on; null: that was all")
