"""`POST /v1/changes/{change_id}/VERB`: to review, to its date, into force, to its end."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.rollout.api import change_problems as because
from services.rollout.api.change_bodies import Because, ChangeOut
from services.rollout.api.changes import IfMatch, on_seen
from services.rollout.domain.roles import ADMIN, APPROVER, RELEASE_MANAGER
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.decide_change import DecideChange
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.problem import ProblemType
from shared.problem_docs import problems

_COMMON: Final = (
    400, because.MALFORMED_PRECONDITION, 401, 403, because.UNKNOWN_CHANGE, because.WRONG_STATE,
    because.REVISION_CONFLICT, 422, because.PRECONDITION_REQUIRED, 503,
)  # fmt: skip


def change_verb_routes(decide: DecideChange, apply: ApplyChange, operators: Callers) -> APIRouter:
    router = APIRouter(prefix="/v1/changes/{change_id}", tags=["changes"])
    release_manager = role_required(operators, RELEASE_MANAGER, ADMIN)
    approver = role_required(operators, APPROVER, ADMIN)

    @router.post("/submit", summary="Ask for review", **_answers())
    async def submit(
        change_id: UUID, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.submit(change_id, revision, caller.name))

    @router.post("/approve", summary="Say yes, as another person", **_answers(because.OWN_CHANGE))
    async def approve(
        change_id: UUID, caller: Annotated[Caller, Depends(approver)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.approve(change_id, revision, caller.name))

    @router.post("/reject", summary="Say no, also after a yes", **_answers(413))
    async def reject(
        change_id: UUID, body: Because, caller: Annotated[Caller, Depends(approver)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.reject(change_id, revision, caller.name, body.reason))

    @router.post("/schedule", summary="Have it applied at its date", **_answers(because.TWO_PEOPLE, because.UNDATED))
    async def schedule(
        change_id: UUID, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.schedule(change_id, revision, caller.name))

    @router.post(
        "/apply",
        summary="Make it the region's policy",
        description="Durable when this answers; published within milliseconds, or as soon as Kafka is there.",
        **_answers(
            because.TWO_PEOPLE, because.EARLY, because.REGION_PAUSED, because.VERSION_CONFLICT, because.UNACCEPTABLE
        ),
    )
    async def apply_now(
        change_id: UUID, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: apply(change_id, revision, caller.name))

    @router.post("/cancel", summary="Give it up", **_answers(413))
    async def cancel(
        change_id: UUID, body: Because, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.cancel(change_id, revision, caller.name, body.reason))

    return router


def _answers(*more: int | ProblemType) -> Mapping[str, Any]:
    return {"response_model": ChangeOut, "responses": problems(*_COMMON, *more)}
