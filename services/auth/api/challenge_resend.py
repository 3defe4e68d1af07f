"""`POST /v1/challenges/{id}/resend`."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.auth.api.answers import answer
from services.auth.api.challenges import PREFIX
from services.auth.api.models import ChallengeToken, RequestBody
from services.auth.api.not_verified import not_verified
from services.auth.api.problem_types import (
    ACCOUNT_LOCKED,
    CHALLENGE_CLOSED,
    CHALLENGE_ENDING,
    METHOD_NOT_OFFERED,
    NO_MORE_RESENDS,
    NOT_ISSUED_YET,
    RESEND_TOO_SOON,
    TOO_MANY_ATTEMPTS,
    TOO_MANY_MAILS,
)
from services.auth.api.retry_after import retry_after
from services.auth.use_cases.resend_code import (
    ChallengeEnding,
    NoMoreResends,
    ResendAnswer,
    ResendCode,
    ResendTooSoon,
    Resent,
    TooManyMails,
)
from shared.problem_docs import problems


class ResendIn(RequestBody):
    challenge_token: ChallengeToken


class ResentOut(BaseModel):
    resend_available_at: datetime | None = Field(description="when it may be sent once more; null: never again")


def resend_routes(resend: ResendCode, now: Callable[[], datetime]) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["sign in"])

    @router.post(
        "/resend",
        summary="Mail the same code once more; it expires when it did before, and whichever mail comes first works",
        status_code=202,
        response_model=ResentOut,
        responses=problems(
            400,
            ACCOUNT_LOCKED,
            NOT_ISSUED_YET,
            CHALLENGE_CLOSED,
            CHALLENGE_ENDING,
            413,
            422,
            METHOD_NOT_OFFERED,
            RESEND_TOO_SOON,
            NO_MORE_RESENDS,
            TOO_MANY_MAILS,
            TOO_MANY_ATTEMPTS,
            503,
        ),
    )
    async def post_resend(challenge_id: UUID, body: ResendIn) -> Response:
        return _answer(await resend(challenge_id, body.challenge_token), now())

    return router


def _answer(result: ResendAnswer, now: datetime) -> Response:
    match result:
        case Resent(available_at):
            return answer(202, ResentOut(resend_available_at=available_at))
        case ResendTooSoon(available_at):
            return RESEND_TOO_SOON(headers=retry_after(available_at, now), resend_available_at=available_at.isoformat())
        case TooManyMails(retry_at):
            return TOO_MANY_MAILS(headers=retry_after(retry_at, now), retry_at=retry_at.isoformat())
        case NoMoreResends():
            return NO_MORE_RESENDS()
        case ChallengeEnding():
            return CHALLENGE_ENDING()
        case _:
            return not_verified(result, now)
