"""The answer to a code that is not looked at because too many others were wrong."""

from datetime import datetime

from fastapi.responses import JSONResponse

from services.auth.api.problem_types import TOO_MANY_ATTEMPTS
from services.auth.use_cases.verify_challenge import TooManyAttempts


def too_many_attempts(refusal: TooManyAttempts, now: datetime) -> JSONResponse:
    """With `retry_at` and `Retry-After` where waiting helps; without, only a new challenge does."""
    if refusal.retry_at is None:
        return TOO_MANY_ATTEMPTS(attempts_remaining=0)
    seconds = max(1, -int((now - refusal.retry_at).total_seconds() // 1))  # rounded up
    headers = {"Retry-After": str(seconds)}
    return TOO_MANY_ATTEMPTS(headers=headers, attempts_remaining=0, retry_at=refusal.retry_at.isoformat())
