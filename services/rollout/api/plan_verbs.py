"""`POST /v1/plans/{plan_id}/VERB`: to review, into action, to a rest, to its end."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.rollout.api import change_problems as because
from services.rollout.api.change_bodies import Because
from services.rollout.api.changes import IfMatch
from services.rollout.api.plan_answers import PlanOut
from services.rollout.api.plan_problems import OWN_PLAN, TWO_PEOPLE, WRONG_STATE
from services.rollout.api.plans import on_seen
from services.rollout.domain.roles import ADMIN, APPROVER, RELEASE_MANAGER
from services.rollout.use_cases.decide_plan import DecidePlan
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.problem import ProblemType
from shared.problem_docs import problems

_COMMON: Final = (
    400, because.MALFORMED_PRECONDITION, 401, 403, because.UNKNOWN_PLAN, WRONG_STATE,
    because.REVISION_CONFLICT, 422, because.PRECONDITION_REQUIRED, 503,
)  # fmt: skip


def plan_verb_routes(decide: DecidePlan, operators: Callers) -> APIRouter:
    router = APIRouter(prefix="/v1/plans/{plan_id}", tags=["plans"])
    release_manager = role_required(operators, RELEASE_MANAGER, ADMIN)
    approver = role_required(operators, APPROVER, ADMIN)
    anybody = role_required(operators, RELEASE_MANAGER, APPROVER, ADMIN)

    @router.post("/submit", summary="Ask for review", **_answers())
    async def submit(
        plan_id: UUID, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.submit(plan_id, revision, caller.name))

    @router.post("/approve", summary="Say yes to all of it, as another person", **_answers(OWN_PLAN))
    async def approve(
        plan_id: UUID, caller: Annotated[Caller, Depends(approver)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.approve(plan_id, revision, caller.name))

    @router.post("/reject", summary="Say no, also after a yes", **_answers(413))
    async def reject(
        plan_id: UUID, body: Because, caller: Annotated[Caller, Depends(approver)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.reject(plan_id, revision, caller.name, body.reason))

    @router.post(
        "/start",
        summary="Have it followed from now on",
        **_answers(TWO_PEOPLE, because.REGION_IN_ANOTHER_PLAN),
    )
    async def start(
        plan_id: UUID, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.start(plan_id, revision, caller.name))

    @router.post(
        "/pause",
        summary="Leave its regions where they are",
        description="At once: no step of it is applied once this has answered.",
        **_answers(413),
    )
    async def pause(
        plan_id: UUID, body: Because, caller: Annotated[Caller, Depends(anybody)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.pause(plan_id, revision, caller.name, body.reason))

    @router.post(
        "/resume",
        summary="Have it followed again",
        description="One step at a time, however much of it is late.",
        **_answers(TWO_PEOPLE, because.REGION_IN_ANOTHER_PLAN),
    )
    async def resume(
        plan_id: UUID, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.resume(plan_id, revision, caller.name))

    @router.post("/cancel", summary="Give it up; its regions stay where they are", **_answers(413))
    async def cancel(
        plan_id: UUID, body: Because, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: decide.cancel(plan_id, revision, caller.name, body.reason))

    return router


def _answers(*more: int | ProblemType) -> Mapping[str, Any]:
    return {"response_model": PlanOut, "responses": problems(*_COMMON, *more)}
