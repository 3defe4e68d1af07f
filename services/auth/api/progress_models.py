"""Where a challenge stands, as JSON: asked for once, or told as it changes."""

from datetime import datetime

from pydantic import BaseModel, Field

from services.auth.use_cases.follow_challenge import Progress


class DeliveryOut(BaseModel):
    state: str = Field(examples=["queued", "sent", "delivered", "failed", "unknown"])
    at: datetime | None


class ProgressOut(BaseModel):
    state: str = Field(
        description="`pending` and `open` go on; in any other it is over",
        examples=["pending", "open", "verified", "locked", "expired", "void", "refused", "disabled"],
    )
    delivery: DeliveryOut
    attempts_remaining: int | None
    expires_at: datetime
    resend_available_at: datetime | None = Field(description="null: no resend is offered")
    retry_at: datetime | None = Field(
        description="with `refused`: when a login is mailed a code again; with `open`: until when no code is looked at"
    )

    @classmethod
    def of(cls, progress: Progress) -> "ProgressOut":
        return cls(
            state=progress.state,
            delivery=DeliveryOut(state=progress.delivery_state, at=progress.delivery_at),
            attempts_remaining=progress.attempts_remaining,
            expires_at=progress.expires_at,
            resend_available_at=progress.resend_available_at,
            retry_at=progress.retry_at,
        )
