"""`/v1/admin/accounts`: what operators see of an account and do to it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.auth.api.admin_models import AccountOut, ReasonIn
from services.auth.api.admin_roles import ADMIN, SUPPORT, VIEW
from services.auth.api.answers import answer
from services.auth.api.models import Name
from services.auth.api.problem_types import UNKNOWN_ACCOUNT
from services.auth.use_cases.administer_account import AccountView, AdministerAccount, Measure
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.problem_docs import problems

_OFFERED: Final = {
    Measure.LOCK: (SUPPORT, "Lock it; ends its sessions and trusted devices"),
    Measure.UNLOCK: (SUPPORT, "Let it log in again"),
    Measure.RESET_FACTORS: (SUPPORT, "Take its app and recovery codes away; ends its sessions and trusted devices"),
    Measure.REVOKE_SESSIONS: (SUPPORT, "End its sessions; trusted devices stay"),
    Measure.MARK_SSO: (ADMIN, "It signs in through its organisation; ends its sessions and trusted devices"),
    Measure.UNMARK_SSO: (ADMIN, "It signs in with its password"),
}


def admin_account_routes(administer: AdministerAccount, operators: Callers) -> APIRouter:
    router = APIRouter(prefix="/v1/admin/accounts", tags=["operators"])
    may_look = [Depends(role_required(operators, *VIEW))]
    looking = {
        "response_model": AccountOut,
        "responses": problems(401, 403, UNKNOWN_ACCOUNT, 422, 503),
        "dependencies": may_look,
    }

    @router.get("", summary="The account of this username", **looking)  # type: ignore[arg-type]
    async def get_by_username(username: Annotated[Name, Query()]) -> Response:
        return _shown(await administer.look_up(username))

    @router.get("/{account_id}", summary="The account of this id", **looking)  # type: ignore[arg-type]
    async def get_by_id(account_id: UUID) -> Response:
        return _shown(await administer.look_at(account_id))

    for measure in _OFFERED:
        _offer(router, measure, administer, operators)
    return router


def _offer(router: APIRouter, measure: Measure, administer: AdministerAccount, operators: Callers) -> None:
    roles, summary = _OFFERED[measure]
    may_do = role_required(operators, *roles)

    @router.post(
        f"/{{account_id}}/{measure}",
        summary=summary,
        description=f"For {' and '.join(roles)}. Recorded in the audit, with the reason.",
        response_model=AccountOut,
        responses=problems(400, 401, 403, UNKNOWN_ACCOUNT, 413, 422, 503),
    )
    async def post_measure(account_id: UUID, body: ReasonIn, caller: Annotated[Caller, Depends(may_do)]) -> Response:
        return _shown(await administer.carry_out(account_id, measure, caller.name, body.reason))


def _shown(view: AccountView | None) -> Response:
    if view is None:
        return UNKNOWN_ACCOUNT()
    return answer(200, AccountOut.model_validate(view))
