"""The internal HTTP interface, for auth alone. It is not exposed to the gateway."""

from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from services.otp.domain.challenge import ChallengeRef, Delivery, State, Verdict
from services.otp.use_cases.follow_challenge import FollowChallenge
from services.otp.use_cases.verify_passcode import VerifyPasscode
from shared.caller_check import role_required
from shared.credentials import CredentialBook
from shared.problem import ProblemType
from shared.problem_docs import problems

CALLER_ROLE: Final = "auth"
NOT_ISSUED_YET: Final = ProblemType(404, "not-issued-yet", "This challenge has no code")


class TypedCode(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    code: str = Field(pattern=r"^[0-9]{6,8}$", description="ASCII digits as typed", examples=["012345"])
    client_hash: str = Field(max_length=64, examples=["c" * 64])


class JudgementOut(BaseModel):
    verdict: Verdict
    attempts_remaining: int
    retry_at: datetime | None = Field(description="with `account-locked`: when a code is looked at again")


class DeliveryOut(BaseModel):
    state: Delivery
    at: datetime | None


class StatusOut(BaseModel):
    state: State
    attempts_remaining: int
    expires_at: datetime
    delivery: DeliveryOut


def internal_routes(verify: VerifyPasscode, follow: FollowChallenge, callers: CredentialBook) -> APIRouter:
    router = APIRouter(
        prefix="/internal/v1/accounts/{account_id}/challenges/{challenge_id}",
        tags=["internal"],
        dependencies=[Depends(role_required(callers, CALLER_ROLE))],
        responses=problems(401, 403, 422, 503),
    )

    @router.post("/verify", summary="Judge a typed code", response_model=JudgementOut)
    async def verify_code(account_id: UUID, challenge_id: UUID, body: TypedCode) -> Response:
        judgement = await verify(ChallengeRef(account_id, challenge_id), body.client_hash, body.code)
        retry_at = judgement.retry_at and judgement.retry_at.isoformat()
        return JSONResponse(
            {
                "verdict": judgement.verdict,
                "attempts_remaining": judgement.attempts_remaining,
                "retry_at": retry_at,
            }
        )

    @router.get(
        "",
        summary="Where a challenge stands; 404 while it has no code",
        response_model=StatusOut,
        responses=problems(NOT_ISSUED_YET),
    )
    async def status(account_id: UUID, challenge_id: UUID) -> StatusOut | Response:
        found = await follow.status(ChallengeRef(account_id, challenge_id))
        if found is None:
            return NOT_ISSUED_YET()
        return StatusOut(
            state=found.state,
            attempts_remaining=found.attempts_remaining,
            expires_at=found.expires_at,
            delivery=DeliveryOut(state=found.delivery, at=found.delivery_at),
        )

    return router
