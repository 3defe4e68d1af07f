"""`PUT /v1/regions/{region}`: a change in one call. What lowers holds at once, what raises goes to review."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import JSONResponse, Response

from services.rollout.api import change_problems as because
from services.rollout.api.change_bodies import ChangeOut
from services.rollout.api.conditional import ChangeOf, Creation, precondition, version_tag
from services.rollout.api.region_bodies import UNKNOWN_REGION, PolicyRequest, RegionOut
from services.rollout.domain.change import Change
from services.rollout.domain.region import Region
from services.rollout.domain.roles import ADMIN, RELEASE_MANAGER
from services.rollout.use_cases.changes import Refused
from services.rollout.use_cases.set_policy import SetPolicy
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.events import RegionName
from shared.problem_docs import problems


def change_route(set_policy: SetPolicy, operators: Callers) -> APIRouter:
    router = APIRouter(tags=["regions"])
    release_manager = role_required(operators, RELEASE_MANAGER, ADMIN)

    @router.put(
        "/v1/regions/{region}",
        summary="Create a region or change its policy",
        description=(
            '`If-None-Match: *` creates, `If-Match: "<version>"` changes. What asks fewer people for a code holds when '
            "this answers, and is published within milliseconds, or as soon as Kafka is there. What asks more of them, "
            "or bypasses the region, becomes a change in review: see `Location`. A PUT that lowers makes a version, "
            "also one that repeats what stands: it is a decision with its own reason."
        ),
        response_model=RegionOut,
        responses={
            201: {"model": RegionOut, "description": "Created"},
            202: {"model": ChangeOut, "description": "In review: another person must approve it"},
            **problems(
                400, because.MALFORMED_PRECONDITION, 401, 403, UNKNOWN_REGION, because.REGION_EXISTS, 413,
                because.VERSION_CONFLICT, 422, because.UNACCEPTABLE, because.PRECONDITION_REQUIRED, 503,
            ),
        },
    )  # fmt: skip
    async def put_region(
        region: Annotated[RegionName, Path(examples=["emea"])],
        body: PolicyRequest,
        caller: Annotated[Caller, Depends(release_manager)],
        if_match: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header(examples=["*"])] = None,
    ) -> Response:
        match precondition(if_match, if_none_match):
            case Creation():
                return _answer(await set_policy(body.wish(region), None, caller.name), 201)
            case ChangeOf(version):
                return _answer(await set_policy(body.wish(region), version, caller.name), 200)
            case unusable:
                return because.unusable(unusable)

    return router


def _answer(outcome: Region | Change | Refused, status: int) -> Response:
    match outcome:
        case Region():
            body = RegionOut.of(outcome).model_dump(mode="json")
            return JSONResponse(body, status, headers={"ETag": version_tag(outcome.version)})
        case Change():
            where = {"Location": f"/v1/changes/{outcome.id}"}
            return JSONResponse(ChangeOut.of(outcome).model_dump(mode="json"), 202, headers=where)
        case refused:
            return because.refused(refused)
