"""`POST /v1/challenges/{id}/verify` and `GET /v1/challenges/{id}`."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.auth.api.answers import answer, authenticated, closed
from services.auth.api.challenge_token import BY_CHALLENGE, ChallengeTokenIn, challenge_token_needed
from services.auth.api.models import AuthenticatedOut, MailRequestedOut, VerifyIn
from services.auth.api.not_verified import not_verified
from services.auth.api.problem_types import (
    ACCOUNT_LOCKED,
    CHALLENGE_CLOSED,
    CHALLENGE_TOKEN_NEEDED,
    CODE_NEEDED,
    INVALID_CODE,
    METHOD_NOT_OFFERED,
    NOT_ISSUED_YET,
    TOO_MANY_ATTEMPTS,
)
from services.auth.api.progress_models import ProgressOut
from services.auth.api.tokens import Tokens
from services.auth.domain.challenge import Challenge
from services.auth.use_cases.ask_for_mail import AskForMail, CodeNeeded, MailAnswer
from services.auth.use_cases.follow_challenge import FollowChallenge
from services.auth.use_cases.verify_challenge import Answer, Closed, Verified, VerifyChallenge
from shared.problem_docs import problems

PREFIX: Final = "/v1/challenges/{challenge_id}"

_NOT_VERIFIED: Final = problems(
    400,
    INVALID_CODE,
    ACCOUNT_LOCKED,
    NOT_ISSUED_YET,
    CHALLENGE_CLOSED,
    413,
    422,
    CODE_NEEDED,
    METHOD_NOT_OFFERED,
    TOO_MANY_ATTEMPTS,
    503,
)


def challenge_routes(
    verify: VerifyChallenge,
    ask_for_mail: AskForMail,
    follow: FollowChallenge,
    tokens: Tokens,
    now: Callable[[], datetime],
) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["sign in"])

    @router.post(
        "/verify",
        summary="Answer a challenge with a code from the mail, the app or the list of recovery codes",
        response_model=AuthenticatedOut,
        responses={202: {"model": MailRequestedOut}, **_NOT_VERIFIED},
    )
    async def post_verify(challenge_id: UUID, body: VerifyIn) -> Response:
        if body.code is None:
            return _mail_requested(await ask_for_mail(challenge_id, body.challenge_token), now())
        given = Answer(body.challenge_token, body.method, body.code, body.remember_device)
        result = await verify(challenge_id, given)
        if isinstance(result, Verified):
            return authenticated(tokens, result.grant, result.decision)
        return not_verified(result, now())

    @router.get(
        "",
        summary="Where a challenge stands and what became of the mail",
        response_model=ProgressOut,
        responses=problems(CHALLENGE_TOKEN_NEEDED, CHALLENGE_CLOSED, 422, 503),
        openapi_extra=BY_CHALLENGE,
    )
    async def get_challenge(challenge_id: UUID, token: ChallengeTokenIn) -> Response:
        if token is None:
            return challenge_token_needed()
        progress = await follow(challenge_id, token)
        return closed(progress) if isinstance(progress, Closed) else answer(200, ProgressOut.of(progress))

    return router


def _mail_requested(result: MailAnswer, now: datetime) -> Response:
    if isinstance(result, Challenge):
        return answer(202, MailRequestedOut(challenge_id=result.id, expires_at=result.expires_at))
    if isinstance(result, CodeNeeded):
        return CODE_NEEDED()
    return not_verified(result, now)
