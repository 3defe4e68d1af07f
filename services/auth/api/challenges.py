"""`POST /v1/challenges/{id}/verify` and `GET /v1/challenges/{id}`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import Response

from services.auth.api.answers import answer, authenticated, closed
from services.auth.api.models import AuthenticatedOut, DeliveryOut, ProgressOut, VerifyIn
from services.auth.api.tokens import Tokens
from services.auth.domain.factor import Method
from services.auth.use_cases.follow_challenge import FollowChallenge
from services.auth.use_cases.verify_challenge import (
    AccountClosed,
    Closed,
    MethodNotOffered,
    NotIssuedYet,
    TooManyAttempts,
    Verified,
    VerifyChallenge,
    Wrong,
)
from shared.problem import problem
from shared.problem_docs import problems


def challenge_routes(verify: VerifyChallenge, follow: FollowChallenge, tokens: Tokens) -> APIRouter:
    router = APIRouter(prefix="/v1/challenges/{challenge_id}", tags=["sign in"])

    @router.post(
        "/verify",
        summary="Answer a challenge with the code from the mail",
        response_model=AuthenticatedOut,
        responses=problems(400, 401, 403, 409, 410, 413, 422, 429, 503),
    )
    async def post_verify(challenge_id: UUID, body: VerifyIn) -> Response:
        result = await verify(challenge_id, body.challenge_token, Method(body.method), body.code)
        match result:
            case Verified(access, decision):
                return authenticated(tokens, access, decision)
            case Wrong(remaining):
                return problem(401, "invalid-code", "This is not the code", attempts_remaining=remaining)
            case NotIssuedYet():
                return problem(409, "not-issued-yet", "The code is still being made", headers={"Retry-After": "1"})
            case TooManyAttempts():
                return problem(429, "too-many-attempts", "Too many wrong codes; sign in again", attempts_remaining=0)
            case MethodNotOffered():
                return problem(422, "method-not-offered", "This challenge is not answered in this way")
            case AccountClosed():
                return problem(403, "account-locked", "This account is locked")
            case Closed():
                return closed(result)

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
