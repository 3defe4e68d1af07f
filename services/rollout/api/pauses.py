"""`/v1/regions/{region}/pause`, `/resume` and `/guard`: stop what raises a region, let it go on, see why."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from services.rollout.api.change_bodies import Because
from services.rollout.api.pause_bodies import GuardOut, PauseOut
from services.rollout.api.region_bodies import UNKNOWN_REGION
from services.rollout.domain.pause import Pause
from services.rollout.domain.roles import ADMIN, APPROVER, RELEASE_MANAGER, ROLES
from services.rollout.use_cases.guard_regions import GuardRegions
from services.rollout.use_cases.pause_region import NotDone, Paused, PauseRegion
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.events import RegionName
from shared.problem import ProblemType
from shared.problem_docs import problems

PATH: Final = "/v1/regions/{region}"
_NOT_PAUSED: Final = ProblemType(409, "not-paused", "The region is not paused")

Region = Annotated[RegionName, Path(examples=["emea"])]


def pause_routes(pause: PauseRegion, guard: GuardRegions, operators: Callers) -> APIRouter:
    router = APIRouter(tags=["pauses"])
    stopper = role_required(operators, RELEASE_MANAGER, APPROVER, ADMIN)
    keeper = role_required(operators, RELEASE_MANAGER, ADMIN)
    operator = role_required(operators, *ROLES)

    @router.post(
        f"{PATH}/pause",
        status_code=201,
        summary="Let nothing raise a region, at once",
        description="Who is asked for a code still is. A region that is paused stays so, with the pause that stands.",
        response_model=PauseOut,
        responses={
            200: {"model": PauseOut, "description": "Paused before: the pause that stands"},
            **problems(400, 401, 403, UNKNOWN_REGION, 413, 422, 503),
        },
    )
    async def post_pause(region: Region, body: Because, caller: Annotated[Caller, Depends(stopper)]) -> Response:
        return _answer(await pause.pause(region, caller.name, body.reason))

    @router.post(
        f"{PATH}/resume",
        summary="Let a paused region be raised again",
        description="The guard looks at what comes from then on, and at nothing from before.",
        response_model=PauseOut,
        responses=problems(400, 401, 403, UNKNOWN_REGION, _NOT_PAUSED, 413, 422, 503),
    )
    async def post_resume(region: Region, body: Because, caller: Annotated[Caller, Depends(keeper)]) -> Response:
        return _answer(await pause.resume(region, caller.name, body.reason))

    @router.get(
        f"{PATH}/guard",
        summary="What the guard sees of a region, and what it is held to",
        dependencies=[Depends(operator)],
        response_model=GuardOut,
        responses=problems(401, 403, UNKNOWN_REGION, 503),
    )
    async def get_guard(region: Region) -> Response:
        found = await guard.look(region)
        return UNKNOWN_REGION() if found is None else _told(GuardOut.of(found))

    return router


def _answer(outcome: Paused | Pause | NotDone) -> Response:
    match outcome:
        case Paused(standing, again):
            return _told(PauseOut.of(standing), 200 if again else 201)
        case Pause():
            return _told(PauseOut.of(outcome))
        case NotDone.UNKNOWN_REGION:
            return UNKNOWN_REGION()
        case _:
            return _NOT_PAUSED()


def _told(body: BaseModel, status: int = 200) -> Response:
    return JSONResponse(body.model_dump(mode="json"), status, headers={"Cache-Control": "no-store"})
