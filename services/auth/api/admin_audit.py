"""`GET /v1/admin/audit`: who did what, to which account, and why."""

from collections.abc import Sequence
from typing import Annotated, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.auth.api.admin_models import AuditEntryOut, AuditPageOut
from services.auth.api.admin_roles import VIEW
from services.auth.api.answers import answer
from services.auth.domain.audit_record import AuditRecord
from shared.caller_check import Callers, role_required
from shared.problem_docs import problems

MOST: Final = 2**63 - 1  # of a bigint


class AuditPages(Protocol):
    async def page(self, after_id: int, limit: int, account_id: UUID | None = None) -> Sequence[AuditRecord]:
        """In the order of ids, up to `limit` that follow `after_id`."""


def admin_audit_routes(audit: AuditPages, operators: Callers) -> APIRouter:
    router = APIRouter(prefix="/v1/admin/audit", tags=["operators"])

    @router.get(
        "",
        summary="The audit, oldest first, page by page",
        response_model=AuditPageOut,
        responses=problems(401, 403, 422, 503),
        dependencies=[Depends(role_required(operators, *VIEW))],
    )
    async def get_audit(
        account_id: Annotated[UUID | None, Query(description="entries about this account only")] = None,
        after_id: Annotated[int, Query(ge=0, le=MOST)] = 0,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    ) -> Response:
        records = await audit.page(after_id, limit, account_id)
        entries = tuple(AuditEntryOut.model_validate(record) for record in records)
        following = entries[-1].id if len(entries) == limit else None
        return answer(200, AuditPageOut(entries=entries, next_after_id=following))

    return router
