"""What the use cases answer, as HTTP."""

from typing import Final

from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from services.auth.api.models import AuthenticatedOut, decision_out
from services.auth.api.tokens import Tokens
from services.auth.domain.access import Access
from services.auth.domain.decision import Decision, Reason
from services.auth.use_cases.verify_challenge import Closed
from shared.problem import problem

# Tokens must not stay in a cache on the way (RFC 6749 §5.1).
NO_STORE: Final = {"Cache-Control": "no-store"}

_REFUSALS: Final = {
    Reason.INVALID_CREDENTIALS: (401, "invalid-credentials", "The username or the password is not right"),
    Reason.USE_SSO: (403, "use-sso", "This account signs in through its organisation"),
    Reason.ACCOUNT_LOCKED: (403, "account-locked", "This account is locked"),
}


def answer(status: int, body: BaseModel) -> Response:
    return Response(body.model_dump_json(), status, headers=NO_STORE, media_type="application/json")


def authenticated(tokens: Tokens, access: Access, decision: Decision) -> Response:
    body = AuthenticatedOut(
        access_token=tokens.sign_access(access),
        expires_in=int(tokens.access_life.total_seconds()),
        amr=access.amr,
        acr=access.acr,
        decision=decision_out(decision),
    )
    return answer(200, body)


def refused(decision: Decision) -> JSONResponse:
    status, name, title = _REFUSALS[decision.reason]
    return problem(status, name, title, decision=decision_out(decision).model_dump(mode="json"))


def closed(why: Closed) -> JSONResponse:
    return problem(410, "challenge-closed", "This challenge takes no codes; sign in again", reason=why)
