"""`GET /v1/regions` and `GET /v1/regions/{region}`: for every operator."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import JSONResponse, Response

from services.rollout.api.conditional import already_has, version_tag
from services.rollout.api.region_bodies import UNKNOWN_REGION, RegionOut, RegionsOut
from services.rollout.domain.region import Region
from services.rollout.domain.roles import ROLES
from shared.caller_check import Callers, role_required
from shared.events import RegionName
from shared.problem_docs import problems


class ReadableRegions(Protocol):
    async def all(self) -> list[Region]: ...

    async def find(self, name: str) -> Region | None: ...


def read_routes(regions: ReadableRegions, operators: Callers) -> APIRouter:
    operator = role_required(operators, *ROLES)
    router = APIRouter(tags=["regions"], dependencies=[Depends(operator)], responses=problems(401, 403, 503))

    @router.get("/v1/regions", summary="All regions, by name")
    async def list_regions() -> RegionsOut:
        return RegionsOut(regions=[RegionOut.of(region) for region in await regions.all()])

    @router.get(
        "/v1/regions/{region}",
        summary="One region; its ETag is what a change must give in If-Match",
        response_model=RegionOut,
        responses={304: {"description": "The version of `If-None-Match` still stands"}, **problems(UNKNOWN_REGION)},
    )
    async def get_region(
        region: Annotated[RegionName, Path(examples=["emea"])], if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        found = await regions.find(region)
        if found is None:
            return UNKNOWN_REGION()
        headers = {"ETag": version_tag(found.version), "Cache-Control": "private, no-cache"}
        if already_has(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return JSONResponse(RegionOut.of(found).model_dump(mode="json"), headers=headers)

    return router
