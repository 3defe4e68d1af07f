"""`PUT /v1/regions/{region}`: one release manager creates a region or changes its policy."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import JSONResponse, Response

from services.rollout.api.conditional import ChangeOf, Creation, Unusable, precondition, version_tag
from services.rollout.api.region_bodies import UNKNOWN_REGION, PolicyRequest, RegionOut
from services.rollout.domain.region import Decision, Region
from services.rollout.domain.roles import RELEASE_MANAGER
from services.rollout.use_cases.change_region import ChangeRegion, Refusal, Why
from shared.caller_check import role_required
from shared.credentials import Caller, CredentialBook
from shared.events import RegionName
from shared.problem import ProblemType
from shared.problem_docs import problems

_MALFORMED: Final = ProblemType(400, "malformed-precondition", 'Either If-Match: "<version>" or If-None-Match: *')
_TWO_PEOPLE: Final = ProblemType(
    403, "two-person-required", "A bypass must be approved by a second person", "mode `bypassed`"
)
_EXISTS: Final = ProblemType(
    409,
    "region-exists",
    "A region of that name exists",
    "`If-None-Match: *` for a region that does; `current_version` says where it stands",
    {"current_version": 3},
)
_STALE: Final = ProblemType(
    412,
    "version-conflict",
    "The region stands at another version",
    "another version stands; `current_version` says which",
    {"current_version": 3},
)
_MISSING: Final = ProblemType(
    428,
    "precondition-required",
    "Say what is expected: If-Match or If-None-Match: *",
    "neither `If-Match` nor `If-None-Match`",
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
        responses={
            201: {"model": RegionOut, "description": "Created"},
            **problems(400, _MALFORMED, 401, 403, _TWO_PEOPLE, UNKNOWN_REGION, _EXISTS, _STALE, _MISSING, 503),
        },
    )
    async def put_region(
        region: Annotated[RegionName, Path(examples=["emea"])],
        body: PolicyRequest,
        caller: Annotated[Caller, Depends(release_manager)],
        if_match: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header(examples=["*"])] = None,
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
    return _MISSING() if why is Unusable.MISSING else _MALFORMED()


def _refusal(refusal: Refusal) -> Response:
    headers = {} if refusal.current is None else {"ETag": version_tag(refusal.current)}
    match refusal.why:
        case Why.TWO_PEOPLE:
            return _TWO_PEOPLE()
        case Why.UNKNOWN:
            return UNKNOWN_REGION()
        case Why.EXISTS:
            return _EXISTS(headers=headers, current_version=refusal.current)
        case Why.STALE:
            return _STALE(headers=headers, current_version=refusal.current)
