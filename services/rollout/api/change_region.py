"""`PUT /v1/regions/{region}`: one release manager creates a region or changes its policy."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import JSONResponse, Response

from services.rollout.api.conditional import ChangeOf, Creation, Unusable, precondition, version_tag
from services.rollout.api.declared_problems import declared
from services.rollout.api.region_bodies import PolicyRequest, RegionOut
from services.rollout.domain.region import Decision, Region
from services.rollout.domain.roles import RELEASE_MANAGER
from services.rollout.use_cases.change_region import ChangeRegion, Refusal, Why
from shared.caller_check import role_required
from shared.credentials import Caller, CredentialBook
from shared.events import RegionName
from shared.problem import problem

_ERRORS: Final = declared(
    {
        400: "`malformed-request`, `malformed-precondition`",
        401: "`unknown-caller`",
        403: "`wrong-role`; `two-person-required`: mode `bypassed`",
        404: "`unknown-region`: `If-Match` for a region that does not exist",
        409: "`region-exists`: `If-None-Match: *` for a region that does; `current_version` says where it stands",
        412: "`version-conflict`: another version stands; `current_version` says which",
        413: "`body-too-large`",
        422: "`invalid-request`",
        428: "`precondition-required`: neither `If-Match` nor `If-None-Match`",
        503: "`temporarily-unavailable`",
    }
)


def change_route(change: ChangeRegion, operators: CredentialBook) -> APIRouter:
    router = APIRouter(tags=["regions"])
    release_manager = role_required(operators, RELEASE_MANAGER)

    @router.put(
        "/v1/regions/{region}",
        summary="Create a region or change its policy",
        description=(
            '`If-None-Match: *` creates, `If-Match: "<version>"` changes. The change is durable when this answers; '
            "it is published within milliseconds, or as soon as Kafka is there. Every accepted PUT is a new version, "
            "also one that repeats what stands: it is a decision with its own reason."
        ),
        response_model=RegionOut,
        responses={201: {"model": RegionOut, "description": "Created"}, **_ERRORS},
    )
    async def put_region(
        region: Annotated[RegionName, Path()],
        body: PolicyRequest,
        caller: Annotated[Caller, Depends(release_manager)],
        if_match: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        decision = Decision(body.policy, caller.name, body.reason)
        match precondition(if_match, if_none_match):
            case Creation():
                return _answer(await change.create(region, decision), 201)
            case ChangeOf(version):
                return _answer(await change.change(region, version, decision), 200)
            case unusable:
                return _unusable(unusable)

    return router


def _answer(outcome: Region | Refusal, status: int) -> Response:
    if isinstance(outcome, Refusal):
        return _refusal(outcome)
    body = RegionOut.of(outcome).model_dump(mode="json")
    return JSONResponse(body, status, headers={"ETag": version_tag(outcome.version)})


def _unusable(why: Unusable) -> Response:
    if why is Unusable.MISSING:
        return problem(428, "precondition-required", "Say what is expected: If-Match or If-None-Match: *")
    return problem(400, "malformed-precondition", 'Either If-Match: "<version>" or If-None-Match: *')


def _refusal(refusal: Refusal) -> Response:
    headers = {} if refusal.current is None else {"ETag": version_tag(refusal.current)}
    match refusal.why:
        case Why.TWO_PEOPLE:
            return problem(403, "two-person-required", "A bypass must be approved by a second person")
        case Why.UNKNOWN:
            return problem(404, "unknown-region", "There is no region of that name")
        case Why.EXISTS:
            title = "A region of that name exists"
            return problem(409, "region-exists", title, headers=headers, current_version=refusal.current)
        case Why.STALE:
            title = "The region stands at another version"
            return problem(412, "version-conflict", title, headers=headers, current_version=refusal.current)
