"""`/v1/plans`: begin one, look, write another content into one."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from services.rollout.api import change_problems as because
from services.rollout.api.changes import IfMatch
from services.rollout.api.conditional import Unusable, seen_revision, version_tag
from services.rollout.api.idempotency import IdempotencyKey, id_of
from services.rollout.api.plan_answers import PlanInFullOut, PlanOut, PlansOut
from services.rollout.api.plan_bodies import PlanRequest
from services.rollout.api.plan_problems import UNACCEPTABLE, WRONG_STATE, plan_refused
from services.rollout.domain.move import Move
from services.rollout.domain.plan import Plan, PlanState
from services.rollout.domain.roles import ADMIN, RELEASE_MANAGER, ROLES
from services.rollout.use_cases.plans import PlanRefused
from services.rollout.use_cases.propose_plan import Begun, ProposePlan
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.problem_docs import problems

_KEYS: Final = UUID("b1a5f6d0-8f5f-4b0a-9e57-0b9d3f0c7a41")  # the namespace of ids made of idempotency keys
_MOST_LISTED: Final = 200

Course = Callable[[Plan, datetime], Awaitable[Sequence[Move]]]


class KeptPlans(Protocol):
    async def find(self, plan_id: UUID, /) -> Plan | None: ...

    async def listed(
        self, *, states: Sequence[PlanState], before: int | None, limit: int
    ) -> list[tuple[int, Plan]]: ...


def plan_routes(
    propose: ProposePlan, plans: KeptPlans, course: Course, clock: Callable[[], datetime], operators: Callers
) -> APIRouter:
    router = APIRouter(prefix="/v1/plans", tags=["plans"])
    release_manager = role_required(operators, RELEASE_MANAGER, ADMIN)
    operator = role_required(operators, *ROLES)

    @router.post(
        "",
        status_code=201,
        summary="Begin a plan",
        response_model=PlanOut,
        responses={
            200: {"model": PlanOut, "description": "Begun before with this key"},
            **problems(400, 401, 403, because.KEY_USED, 413, 422, UNACCEPTABLE, 503),
        },
    )
    async def post_plan(
        body: PlanRequest, caller: Annotated[Caller, Depends(release_manager)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        plan_id = id_of(_KEYS, caller, idempotency_key)
        match await propose.begin(plan_id, body.content, caller.name):
            case Begun(plan, again):
                return _plan(plan, 200 if again else 201)
            case refused:
                return plan_refused(refused)

    @router.get(
        "",
        summary="Plans, the newest first",
        dependencies=[Depends(operator)],
        response_model=PlansOut,
        responses=problems(401, 403, 422, 503),
    )
    async def list_plans(
        state: Annotated[list[PlanState], Query(description="any of these; none: all")] = [],  # noqa: B006 - FastAPI copies
        cursor: Annotated[int | None, Query(ge=1, le=2**53, description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = 50,
    ) -> PlansOut:
        found = await plans.listed(states=state, before=cursor, limit=limit + 1)
        shown, more = found[:limit], len(found) > limit
        return PlansOut(plans=[PlanOut.of(plan) for _, plan in shown], next=str(shown[-1][0]) if more else None)

    @router.get(
        "/{plan_id}",
        summary="A plan, and what each of its regions does next",
        dependencies=[Depends(operator)],
        response_model=PlanInFullOut,
        responses=problems(401, 403, because.UNKNOWN_PLAN, 422, 503),
    )
    async def get_plan(plan_id: UUID) -> Response:
        plan = await plans.find(plan_id)
        if plan is None:
            return because.UNKNOWN_PLAN()
        body = PlanInFullOut.told(plan, await course(plan, clock())).model_dump(mode="json")
        return JSONResponse(body, headers={"ETag": version_tag(plan.revision)})

    @router.put(
        "/{plan_id}",
        summary="Write another content into a plan",
        description="It is a draft again, on its regions as they stand now; whatever was approved is not any more.",
        response_model=PlanOut,
        responses=problems(
            400, because.MALFORMED_PRECONDITION, 401, 403, because.UNKNOWN_PLAN, WRONG_STATE,
            because.REVISION_CONFLICT, 413, 422, UNACCEPTABLE, because.PRECONDITION_REQUIRED, 503,
        ),
    )  # fmt: skip
    async def put_plan(
        plan_id: UUID, body: PlanRequest, caller: Annotated[Caller, Depends(release_manager)], if_match: IfMatch = None
    ) -> Response:
        return await on_seen(if_match, lambda revision: propose.edit(plan_id, revision, body.content, caller.name))

    return router


async def on_seen(if_match: str | None, do: Callable[[int], Awaitable[Plan | PlanRefused]]) -> Response:
    """Do it on the revision that the caller has seen."""
    seen = seen_revision(if_match)
    if isinstance(seen, Unusable):
        return because.unusable(seen)
    outcome = await do(seen)
    return _plan(outcome, 200) if isinstance(outcome, Plan) else plan_refused(outcome)


def _plan(plan: Plan, status: int) -> Response:
    headers = {"ETag": version_tag(plan.revision), "Location": f"/v1/plans/{plan.id}"}
    return JSONResponse(PlanOut.of(plan).model_dump(mode="json"), status, headers=headers)
