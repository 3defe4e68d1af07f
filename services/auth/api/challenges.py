"""`POST /v1/challenges/{id}/verify` and `GET /v1/challenges/{id}`."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import Response

from services.auth.api.answers import account_closed, answer, authenticated, closed
from services.auth.api.models import AuthenticatedOut, DeliveryOut, MailRequestedOut, ProgressOut, VerifyIn
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
from shared.problem import problem
from shared.problem_docs import problems


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
        responses={202: {"model": MailRequestedOut}, **problems(400, 401, 403, 409, 410, 413, 422, 429, 503)},
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
        responses=problems(401, 410, 422, 503),
    )
    async def get_challenge(
        challenge_id: UUID, authorization: Annotated[str, Header(description="`Challenge <token>`")] = ""
    ) -> Response:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "challenge" or not token:
            headers = {"WWW-Authenticate": "Challenge"}
            return problem(401, "challenge-token-needed", "The challenge token is needed", headers=headers)
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
        return problem(422, "code-needed", "The mail was sent already: its code is needed")
    return not_verified(result, now)


def not_verified(result: Refusal | MethodNotOffered | AccountClosed, now: datetime) -> Response:
    match result:
        case Wrong(remaining):
            return problem(401, "invalid-code", "This is not the code", attempts_remaining=remaining)
        case NotIssuedYet():
            return problem(409, "not-issued-yet", "The code is still being made", headers={"Retry-After": "1"})
        case TooManyAttempts():
            return too_many_attempts(result, now)
        case MethodNotOffered():
            return problem(422, "method-not-offered", "This challenge is not answered in this way")
        case AccountClosed():
            return account_closed()
        case Closed():
            return closed(result)
