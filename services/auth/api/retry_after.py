"""When to come back."""

from datetime import datetime


def retry_after(at: datetime, now: datetime) -> dict[str, str]:
    """The header, in whole seconds: rounded up, so that nobody comes too early."""
    return {"Retry-After": str(max(1, -int((now - at).total_seconds() // 1)))}
