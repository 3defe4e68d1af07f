"""What the use cases answer, as HTTP."""

from typing import Any, Final

from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from services.auth.api.models import AuthenticatedOut, ChallengeRequiredOut, decision_out
from services.auth.api.problem_types import (
    ACCOUNT_LOCKED,
    CHALLENGE_CLOSED,
    INVALID_CREDENTIALS,
    TOO_MANY_LOGINS,
    USE_SSO,
)
from services.auth.api.tokens import Tokens
from services.auth.domain.access import Access
from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import Decision, Reason
from services.auth.use_cases.admit_account import Admission, Allowed, Challenged, Refused
from services.auth.use_cases.open_session import Grant
from services.auth.use_cases.verify_challenge import Closed

# Tokens must not stay in a cache on the way (RFC 6749 §5.1).
NO_STORE: Final = {"Cache-Control": "no-store"}

_REFUSALS: Final = {
    Reason.INVALID_CREDENTIALS: INVALID_CREDENTIALS,
    Reason.USE_SSO: USE_SSO,
    Reason.ACCOUNT_LOCKED: ACCOUNT_LOCKED,
}


def answer(status: int, body: BaseModel) -> Response:
    return Response(body.model_dump_json(), status, headers=NO_STORE, media_type="application/json")


def tokens_out(tokens: Tokens, access: Access, refresh_token: str | None) -> dict[str, Any]:
    """The fields of TokensOut."""
    return {
        "access_token": tokens.sign_access(access),
        "expires_in": int(tokens.life_of(access).total_seconds()),
        "refresh_token": refresh_token,
        "amr": access.amr,
        "acr": access.acr,
        "scope": " ".join(access.scope),
    }


def authenticated(tokens: Tokens, grant: Grant, decision: Decision) -> Response:
    given = tokens_out(tokens, grant.access, grant.refresh_token)
    return answer(200, AuthenticatedOut(**given, device_token=grant.device_token, decision=decision_out(decision)))


def challenge_required(tokens: Tokens, challenge: Challenge, decision: Decision) -> Response:
    required = ChallengeRequiredOut(
        challenge_id=challenge.id,
        challenge_token=tokens.sign_challenge(challenge),
        methods=challenge.methods,
        expires_at=challenge.expires_at,
        decision=decision_out(decision),
    )
    return answer(202, required)


def admission(tokens: Tokens, result: Admission) -> Response:
    match result:
        case Refused(decision):
            return refused(decision)
        case Allowed(decision, grant):
            return authenticated(tokens, grant, decision)
        case Challenged(decision, challenge):
            return challenge_required(tokens, challenge, decision)


def account_closed() -> JSONResponse:
    return ACCOUNT_LOCKED()


def too_many_logins(retry_after_s: int) -> JSONResponse:
    return TOO_MANY_LOGINS(headers={"Retry-After": str(retry_after_s)})


def refused(decision: Decision) -> JSONResponse:
    return _REFUSALS[decision.reason](decision=decision_out(decision).model_dump(mode="json"))


def closed(why: Closed) -> JSONResponse:
    return CHALLENGE_CLOSED(reason=why)
