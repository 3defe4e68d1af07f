"""The answer to a code that is not looked at because too many others were wrong, or none was mailed."""

from datetime import datetime
from typing import Any

from fastapi.responses import JSONResponse

from services.auth.api.problem_types import TOO_MANY_ATTEMPTS
from services.auth.api.retry_after import retry_after
from services.auth.use_cases.verify_challenge import TooManyAttempts


def too_many_attempts(refusal: TooManyAttempts, now: datetime) -> JSONResponse:
    """With `retry_at` and `Retry-After` where waiting helps; without, only a new challenge does, or support."""
    members: dict[str, Any] = {"attempts_remaining": 0}
    if refusal.barred is not None:
        members["reason"] = refusal.barred
    if refusal.retry_at is None:
        return TOO_MANY_ATTEMPTS(**members)
    return TOO_MANY_ATTEMPTS(
        headers=retry_after(refusal.retry_at, now), **members, retry_at=refusal.retry_at.isoformat()
    )
