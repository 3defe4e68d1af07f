"""`GET /v1/regions` and `GET /v1/regions/{region}`: for every operator."""

from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import JSONResponse, Response

from services.rollout.api.conditional import already_has, version_tag
from services.rollout.api.declared_problems import declared
from services.rollout.api.region_bodies import RegionOut, RegionsOut
from services.rollout.domain.region import Region
from services.rollout.domain.roles import ROLES
from shared.caller_check import role_required
from shared.credentials import CredentialBook
from shared.events import RegionName
from shared.problem import problem


class ReadableRegions(Protocol):
    async def all(self) -> list[Region]: ...

    async def find(self, name: str) -> Region | None: ...


_ERRORS: Final = declared(
    {
        401: "`unknown-caller`",
        403: "`wrong-role`",
        422: "`invalid-request`: no name of a region",
        503: "`temporarily-unavailable`",
    }
)
_UNKNOWN: Final = declared({404: "`unknown-region`"})


def read_routes(regions: ReadableRegions, operators: CredentialBook) -> APIRouter:
    operator = role_required(operators, *ROLES)
    router = APIRouter(tags=["regions"], dependencies=[Depends(operator)], responses=_ERRORS)

    @router.get("/v1/regions", summary="All regions, by name")
    async def list_regions() -> RegionsOut:
        return RegionsOut(regions=[RegionOut.of(region) for region in await regions.all()])

    @router.get(
        "/v1/regions/{region}",
        summary="One region; its ETag is what a change must give in If-Match",
        response_model=RegionOut,
        responses={304: {"description": "The version of `If-None-Match` still stands"}, **_UNKNOWN},
    )
    async def get_region(
        region: Annotated[RegionName, Path()], if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        found = await regions.find(region)
        if found is None:
            return problem(404, "unknown-region", "There is no region of that name")
        headers = {"ETag": version_tag(found.version), "Cache-Control": "private, no-cache"}
        if already_has(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return JSONResponse(RegionOut.of(found).model_dump(mode="json"), headers=headers)

    return router
