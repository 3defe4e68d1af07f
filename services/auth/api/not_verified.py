"""Why a challenge was not met, and takes no mail either, as HTTP."""

from datetime import datetime

from fastapi.responses import Response

from services.auth.api.answers import account_closed, closed
from services.auth.api.problem_types import INVALID_CODE, METHOD_NOT_OFFERED, NOT_ISSUED_YET
from services.auth.api.too_many_attempts import too_many_attempts
from services.auth.use_cases.verify_challenge import (
    AccountClosed,
    Closed,
    MethodNotOffered,
    NotIssuedYet,
    Refusal,
    TooManyAttempts,
    Wrong,
)


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
