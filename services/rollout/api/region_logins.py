"""`GET /v1/regions/{region}/logins`: what was decided hour by hour; in shadow, also what would have been."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated, Protocol, Self

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.rollout.api.region_bodies import UNKNOWN_REGION
from services.rollout.domain.logins import BY_REGION, KEPT, CountedLogins, hour_of
from services.rollout.domain.region import Region
from services.rollout.domain.roles import ROLES
from shared.caller_check import Callers, role_required
from shared.events import RegionName
from shared.problem_docs import problems

MOST_HOURS = KEPT // timedelta(hours=1)


class KnownRegions(Protocol):
    async def find(self, name: str) -> Region | None: ...


class KeptLogins(Protocol):
    async def since(self, region: str, begin: datetime) -> list[CountedLogins]:
        """From the hour that begins then, in order."""


class DecidedOut(BaseModel):
    outcome: str = Field(description="allowed, would-challenge, challenged or refused")
    reason: str = Field(description="auth's reason code")
    logins: int


class HourOut(BaseModel):
    hour: AwareDatetime = Field(description="its beginning")
    logins: int = Field(description="with a right password")
    by_region: int = Field(description="of these, decided by the region: no device, app or other factor did")
    would_challenge: int = Field(description="allowed in shadow; a region that enforces would have asked for a code")
    challenged: int = Field(description="asked for a code, of their app too")
    decided: list[DecidedOut]

    @classmethod
    def of(cls, hour: datetime, counted: Iterable[CountedLogins]) -> Self:
        decided = [DecidedOut(outcome=c.kind.outcome, reason=c.kind.reason, logins=c.logins) for c in counted]
        return cls(
            hour=hour,
            logins=sum(each.logins for each in decided),
            by_region=sum(each.logins for each in decided if each.reason in BY_REGION),
            would_challenge=sum(each.logins for each in decided if each.outcome == "would-challenge"),
            challenged=sum(each.logins for each in decided if each.outcome == "challenged"),
            decided=decided,
        )


class RegionLoginsOut(BaseModel):
    """Hours in which somebody logged in, in order. An attempt counts once; one that was told a day late, never."""

    region: RegionName
    hours: list[HourOut]


def region_logins_route(
    logins: KeptLogins, regions: KnownRegions, operators: Callers, now: Callable[[], datetime]
) -> APIRouter:
    router = APIRouter(tags=["regions"], dependencies=[Depends(role_required(operators, *ROLES))])

    @router.get(
        "/v1/regions/{region}/logins",
        summary="Logins by hour, and what was decided",
        response_model=RegionLoginsOut,
        responses=problems(401, 403, UNKNOWN_REGION, 422, 503),
    )
    async def get_logins(
        region: Annotated[RegionName, Path(examples=["emea"])],
        hours: Annotated[int, Query(ge=1, le=MOST_HOURS, description="back from now, the one that runs included")] = 24,
    ) -> Response:
        if await regions.find(region) is None:
            return UNKNOWN_REGION()
        found = await logins.since(region, hour_of(now()) - timedelta(hours=hours - 1))
        by_hour = groupby(found, lambda each: each.kind.hour)
        body = RegionLoginsOut(region=region, hours=[HourOut.of(hour, counted) for hour, counted in by_hour])
        return JSONResponse(body.model_dump(mode="json"), headers={"Cache-Control": "no-store"})

    return router
