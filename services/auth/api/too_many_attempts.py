"""The answer to a code that is not looked at because too many others were wrong."""

from datetime import datetime

from fastapi.responses import JSONResponse

from services.auth.use_cases.verify_challenge import TooManyAttempts
from shared.problem import problem


def too_many_attempts(refusal: TooManyAttempts, now: datetime) -> JSONResponse:
    """With `retry_at` and `Retry-After` where waiting helps; without, only a new challenge does."""
    if refusal.retry_at is None:
        return problem(429, "too-many-attempts", "Too many wrong codes; sign in again", attempts_remaining=0)
    seconds = max(1, -int((now - refusal.retry_at).total_seconds() // 1))  # rounded up
    return problem(
        429,
        "too-many-attempts",
        "Too many wrong codes for this account; wait, or use another factor",
        headers={"Retry-After": str(seconds)},
        attempts_remaining=0,
        retry_at=refusal.retry_at.isoformat(),
    )
