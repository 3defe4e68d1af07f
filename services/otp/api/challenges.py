"""Judge a code, send it again, say where a challenge stands."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response, StreamingResponse

from services.otp.api.models import JudgementOut, ResendIn, ResendOut, StatusOut, TypedCode
from services.otp.domain.challenge import ChallengeRef, Status
from services.otp.use_cases.announce_passcode import Recipient
from services.otp.use_cases.follow_challenge import FollowChallenge, Quiet
from services.otp.use_cases.resend_passcode import ResendPasscode
from services.otp.use_cases.unlock_account import UnlockAccount
from services.otp.use_cases.verify_passcode import VerifyPasscode
from shared.caller_check import role_required
from shared.credentials import CredentialBook
from shared.problem import ProblemType
from shared.problem_docs import problems
from shared.unavailable import DependencyUnavailable

CALLER_ROLE: Final = "auth"
NOT_ISSUED_YET: Final = ProblemType(404, "not-issued-yet", "This challenge has no code")
NDJSON: Final = "application/x-ndjson"

Changes = AsyncGenerator[Status | Quiet | None, None]


def account_routes(unlock: UnlockAccount, callers: CredentialBook) -> APIRouter:
    router = _router("/internal/v1/accounts/{account_id}", callers)

    @router.post("/unlock", summary="Forget the failures in a row; the rolling windows stay", status_code=204)
    async def unlock_account(account_id: UUID) -> None:
        await unlock(account_id)

    return router


def challenge_routes(
    verify: VerifyPasscode, resend: ResendPasscode, follow: FollowChallenge, callers: CredentialBook
) -> APIRouter:
    router = _router("/internal/v1/accounts/{account_id}/challenges/{challenge_id}", callers)

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

    @router.post("/resend", summary="Mail the same code once more")
    async def resend_code(account_id: UUID, challenge_id: UUID, body: ResendIn) -> ResendOut:
        to = Recipient(body.address, body.locale, body.region, body.purpose)
        resent = await resend(ChallengeRef(account_id, challenge_id), body.client_hash, to)
        return ResendOut(result=resent.result, resend_available_at=resent.resend_available_at, retry_at=resent.retry_at)

    @router.get(
        "",
        summary="Where a challenge stands; 404 while it has no code",
        response_model=StatusOut,
        responses=problems(NOT_ISSUED_YET),
    )
    async def status(account_id: UUID, challenge_id: UUID) -> StatusOut | Response:
        found = await follow.status(ChallengeRef(account_id, challenge_id))
        return NOT_ISSUED_YET() if found is None else StatusOut.of(found)

    @router.get(
        "/events",
        summary="Where a challenge stands, again after each change; one line of JSON each, empty ones between",
        response_class=StreamingResponse,
        responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}, "description": "until it is over"}},
    )
    async def events(account_id: UUID, challenge_id: UUID) -> Response:
        changes = follow.changes(ChallengeRef(account_id, challenge_id))
        first = await anext(changes)  # while a missing Redis can still be told by the answer's status
        return StreamingResponse(_lines(first, changes), media_type=NDJSON)

    return router


def _router(prefix: str, callers: CredentialBook) -> APIRouter:
    return APIRouter(
        prefix=prefix,
        tags=["internal"],
        dependencies=[Depends(role_required(callers, CALLER_ROLE))],
        responses=problems(401, 403, 422, 503),
    )


async def _lines(first: Status | Quiet | None, changes: Changes) -> AsyncIterator[str]:
    """Ends where Redis is lost: whoever follows comes again, and is told then."""
    async with aclosing(changes):
        with suppress(DependencyUnavailable):
            yield _line(first)
            async for status in changes:
                yield _line(status)


def _line(status: Status | Quiet | None) -> str:
    if isinstance(status, Quiet):
        return "\n"
    return ("null" if status is None else StatusOut.of(status).model_dump_json()) + "\n"
