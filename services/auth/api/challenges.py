"""`POST /v1/challenges/{id}/verify` and `GET /v1/challenges/{id}`."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import Response

from services.auth.api.answers import account_closed, answer, authenticated, closed
from services.auth.api.models import AuthenticatedOut, DeliveryOut, MailRequestedOut, ProgressOut, VerifyIn
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
from services.auth.api.tokens import Tokens
from services.auth.api.too_many_attempts import too_many_attempts
from services.auth.domain.challenge import Challenge
from services.auth.use_cases.ask_for_mail import AskForMail, CodeNeeded, MailAnswer
from services.auth.use_cases.follow_challenge import FollowChallenge
from services.auth.use_cases.verify_challenge import (
    AccountClosed,
    Answer,
    Closed,
    MethodNotOffered,
    NotIssuedYet,
    Refusal,
    TooManyAttempts,
    Verified,
    VerifyChallenge,
    Wrong,
)
from shared.problem_docs import problems

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
    router = APIRouter(prefix="/v1/challenges/{challenge_id}", tags=["sign in"])

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
        openapi_extra={"security": [{"challenge": []}]},
    )
    async def get_challenge(
        challenge_id: UUID, authorization: Annotated[str, Header(description="`Challenge <token>`")] = ""
    ) -> Response:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "challenge" or not token:
            headers = {"WWW-Authenticate": "Challenge"}
            return CHALLENGE_TOKEN_NEEDED(headers=headers)
        progress = await follow(challenge_id, token.strip())
        if isinstance(progress, Closed):
            return closed(progress)
        shown = ProgressOut(
            state=progress.state,
            delivery=DeliveryOut(state=progress.delivery_state, at=progress.delivery_at),
            attempts_remaining=progress.attempts_remaining,
            expires_at=progress.expires_at,
        )
        return answer(200, shown)

    return router


def _mail_requested(result: MailAnswer, now: datetime) -> Response:
    if isinstance(result, Challenge):
        return answer(202, MailRequestedOut(challenge_id=result.id, expires_at=result.expires_at))
    if isinstance(result, CodeNeeded):
        return CODE_NEEDED()
    return not_verified(result, now)


def not_verified(result: Refusal | MethodNotOffered | AccountClosed, now: datetime) -> Response:
    match result:
        case Wrong(remaining):
            return INVALID_CODE(attempts_remaining=remaining)
        case NotIssuedYet():
            return NOT_ISSUED_YET(headers={"Retry-After": "1"})
        case TooManyAttempts():
            return too_many_attempts(result, now)
        case MethodNotOffered():
            return METHOD_NOT_OFFERED()
        case AccountClosed():
            return account_closed()
        case Closed():
            return closed(result)
