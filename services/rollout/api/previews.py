"""`POST /v1/previews` and `GET /v1/changes/{change_id}/preview`: what a policy would do, before anybody approves it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from services.rollout.api.change_problems import UNKNOWN_CHANGE
from services.rollout.api.preview_bodies import MOST_STEPS, PreviewOut, PreviewRequest
from services.rollout.domain.preview import LADDER
from services.rollout.domain.roles import ROLES
from services.rollout.use_cases.preview_change import PreviewChange
from shared.caller_check import Callers, role_required
from shared.events import BasisPoints
from shared.problem_docs import problems

_FRESH: Final = {"Cache-Control": "no-store"}


def preview_routes(preview: PreviewChange, operators: Callers) -> APIRouter:
    router = APIRouter(tags=["previews"], dependencies=[Depends(role_required(operators, *ROLES))])

    @router.post(
        "/v1/previews",
        summary="What shares of a region would mean",
        description="Nothing is stored. The region need not be there yet.",
        response_model=PreviewOut,
        responses=problems(400, 401, 403, 413, 422, 503),
    )
    async def post_preview(body: PreviewRequest) -> Response:
        found = await preview(body.region, body.steps)
        return JSONResponse(PreviewOut.of(found).model_dump(mode="json"), headers=_FRESH)

    @router.get(
        "/v1/changes/{change_id}/preview",
        summary="What a change would mean",
        description="At the change's own share, and at those that are asked for.",
        response_model=PreviewOut,
        responses=problems(401, 403, UNKNOWN_CHANGE, 422, 503),
    )
    async def get_preview(
        change_id: UUID,
        step: Annotated[
            list[BasisPoints], Query(max_length=MOST_STEPS, description="shares in basis points; none: a ladder of six")
        ] = [],  # noqa: B006 - FastAPI copies
    ) -> Response:
        found = await preview.of_change(change_id, step or LADDER)
        if found is None:
            return UNKNOWN_CHANGE()
        return JSONResponse(PreviewOut.of(found[1]).model_dump(mode="json"), headers=_FRESH)

    return router
