"""`/v1/admin/suppressions`: addresses that are not mailed, for support. An address travels in a body: never in a URL,
which logs keep."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.notifier.domain.suppression import Cause
from services.notifier.use_cases.clear_suppression import ClearSuppression, ListsSuppressions
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.mail_address import MailAddress
from shared.problem_docs import problems

SUPPORT: Final = ("support", "admin")

# One line, and no address: it stands in the log.
Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^@\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
    ),
]


class AddressIn(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    address: MailAddress = Field(examples=["kim@customer.example"])


class ClearIn(AddressIn):
    reason: Reason = Field(
        description="one line without an address; it stands in the log", examples=["Mailbox is back, ticket 4711"]
    )


class SuppressionOut(BaseModel):
    suppressed: bool
    cause: Cause | None = None
    since: datetime | None = None
    expires_at: datetime | None = Field(None, description="then it is mailed again, if nobody clears it before")


class ClearedOut(BaseModel):
    cleared: bool = Field(description="false: it was not on the list")


def suppression_routes(suppressions: ListsSuppressions, clear: ClearSuppression, operators: Callers) -> APIRouter:
    may_do = role_required(operators, *SUPPORT)
    router = APIRouter(
        prefix="/v1/admin/suppressions", tags=["operators"], responses=problems(400, 401, 403, 413, 422, 503)
    )

    @router.post("/lookup", summary="Whether an address is mailed, and why not", dependencies=[Depends(may_do)])
    async def look_up(body: AddressIn) -> SuppressionOut:
        found = await suppressions.of(body.address)
        if found is None:
            return SuppressionOut(suppressed=False)
        return SuppressionOut(suppressed=True, cause=found.cause, since=found.since, expires_at=found.expires_at)

    @router.post("/clear", summary="Mail an address again, from now on")
    async def clear_address(body: ClearIn, caller: Annotated[Caller, Depends(may_do)]) -> ClearedOut:
        return ClearedOut(cleared=await clear(body.address, caller.name, body.reason))

    return router
