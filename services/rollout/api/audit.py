"""`GET /v1/audit`: who did what, for every operator; and what its newest entry is, to be written down elsewhere."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.rollout.domain.audit import AuditEntry, Head
from services.rollout.domain.roles import ROLES
from shared.caller_check import Callers, role_required
from shared.events import RegionName
from shared.problem_docs import problems


class ReadableAudit(Protocol):
    async def after(self, number: int, limit: int, region: str | None = None) -> list[AuditEntry]: ...

    async def head(self) -> Head: ...


class AuditEntryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    at: AwareDatetime
    actor: str
    action: str
    subject: str
    region: str | None
    detail: Mapping[str, Any]
    hash: str = Field(description="over this entry and the hash of the one before (services/rollout/domain/audit.py)")


class AuditOut(BaseModel):
    """In order."""

    entries: list[AuditEntryOut]
    next: str | None = Field(description="give it as `cursor` to read on; null: that was all")


class HeadOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    hash: str


def audit_routes(audit: ReadableAudit, operators: Callers) -> APIRouter:
    operator = role_required(operators, *ROLES)
    router = APIRouter(
        prefix="/v1/audit", tags=["audit"], dependencies=[Depends(operator)], responses=problems(401, 403, 503)
    )

    @router.get("", summary="The audit, from its beginning", responses=problems(422))
    async def read_audit(
        cursor: Annotated[int, Query(ge=0, le=2**53, description="the number of the last entry that was read")] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        region: RegionName | None = None,
    ) -> AuditOut:
        found = await audit.after(cursor, limit + 1, region)
        shown = found[:limit]
        last = str(shown[-1].number) if len(found) > limit else None
        return AuditOut(entries=[AuditEntryOut.model_validate(entry) for entry in shown], next=last)

    @router.get("/head", summary="The newest entry")
    async def read_head() -> HeadOut:
        return HeadOut.model_validate(await audit.head())

    return router
