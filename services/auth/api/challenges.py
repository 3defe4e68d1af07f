"""`POST /v1/challenges/{id}/verify` and `GET /v1/challenges/{id}`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import Response

from services.auth.api.answers import account_closed, answer, authenticated, closed
from services.auth.api.models import AuthenticatedOut, DeliveryOut, MailRequestedOut, ProgressOut, VerifyIn
from services.auth.api.tokens import Tokens
from services.auth.domain.challenge import Challenge
from services.auth.use_cases.ask_for_mail import AskForMail
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
    verify: VerifyChallenge, ask_for_mail: AskForMail, follow: FollowChallenge, tokens: Tokens
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
            return _mail_requested(await ask_for_mail(challenge_id, body.challenge_token))
        given = Answer(body.challenge_token, body.method, body.code, body.remember_device)
        result = await verify(challenge_id, given)
        if isinstance(result, Verified):
            return authenticated(tokens, result.grant, result.decision)
        return not_verified(result)

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


def _mail_requested(result: Challenge | Refusal | MethodNotOffered | AccountClosed) -> Response:
    if isinstance(result, Challenge):
        return answer(202, MailRequestedOut(challenge_id=result.id, expires_at=result.expires_at))
    return not_verified(result)


def not_verified(result: Refusal | MethodNotOffered | AccountClosed) -> Response:
    match result:
        case Wrong(remaining):
            return problem(401, "invalid-code", "This is not the code", attempts_remaining=remaining)
        case NotIssuedYet():
            return problem(409, "not-issued-yet", "The code is still being made", headers={"Retry-After": "1"})
        case TooManyAttempts(retry_at):
            return too_many_attempts(retry_at)
        case MethodNotOffered():
            return problem(422, "method-not-offered", "This challenge is not answered in this way")
        case AccountClosed():
            return account_closed()
        case Closed():
            return closed(result)


def too_many_attempts(retry_at: datetime | None) -> Response:
    """`retry_at`: when the account's own budget allows the next code; None: this challenge is closed."""
    members: dict[str, Any] = {"retry_at": retry_at.isoformat()} if retry_at else {}
    title = "Too many wrong codes for this account" if retry_at else "Too many wrong codes; sign in again"
    return problem(429, "too-many-attempts", title, attempts_remaining=0, **members)
