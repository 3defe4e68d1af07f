"""What goes in and out over HTTP."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.otp.domain.challenge import Resend, State, Status, Verdict
from services.otp.domain.delivery import Delivery, overall
from shared.events import Sealed


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class TypedCode(In):
    code: str = Field(
        pattern=r"^[0-9]{6,8}$", description="ASCII digits, as auth makes of what was typed", examples=["012345"]
    )
    client_hash: str = Field(max_length=64, examples=["c" * 64])


class JudgementOut(BaseModel):
    verdict: Verdict
    attempts_remaining: int
    retry_at: datetime | None = Field(description="when a code is looked at, or mailed, again")


class ResendIn(In):
    client_hash: str = Field(max_length=64, examples=["c" * 64])
    address: Sealed = Field(description="to the notifier, as in LoginChallenged", examples=["seal-1.AAAA"])
    locale: str = Field(max_length=35, examples=["de-AT"])
    region: str = Field(max_length=64, examples=["emea"])
    purpose: str = Field(max_length=64, examples=["login"])


class ResendOut(BaseModel):
    result: Resend
    resend_available_at: datetime | None = Field(description="with `sent`: the next one; null: none")
    retry_at: datetime | None = Field(description="when it could be sent, if ever")


class DeliveryOut(BaseModel):
    state: Delivery
    at: datetime | None


class StatusOut(BaseModel):
    state: State
    attempts_remaining: int
    expires_at: datetime
    delivery: DeliveryOut
    resend_available_at: datetime | None = Field(description="null: never again")
    retry_at: datetime | None = Field(
        description="with `refused`: when a code would be mailed again; with `open`: until when no code is looked at"
    )

    @classmethod
    def of(cls, status: Status) -> "StatusOut":
        news = overall(status.mails)
        return cls(
            state=status.state,
            attempts_remaining=status.attempts_remaining,
            expires_at=status.expires_at,
            delivery=DeliveryOut(state=news.delivery, at=news.at),
            resend_available_at=status.resend_available_at,
            retry_at=status.retry_at,
        )
