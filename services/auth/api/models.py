"""The bodies of the HTTP interface (DESIGN §9)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, IPvAnyAddress, SecretStr

from services.auth.domain.decision import Decision, Outcome, Reason


def _one_line(text: str) -> str:
    """No control characters: PostgreSQL refuses NUL, and a line break in a name is an attack on logs and mails."""
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("control characters are not allowed")
    return text


def _encodable(secret: SecretStr) -> SecretStr:
    """No lone surrogates: JSON can spell them, UTF-8 cannot, and pydantic checks a secret for neither."""
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("not Unicode text") from None
    return secret


Secret = Annotated[SecretStr, AfterValidator(_encodable)]
Name = Annotated[str, Field(min_length=1, max_length=254), AfterValidator(_one_line)]
ChallengeToken = Annotated[str, Field(min_length=1, max_length=4096)]


class RequestBody(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ClientIn(RequestBody):
    """What the gateway knows of the program that signs in. `product` becomes the audience of the token."""

    product: str = Field("gatepost", pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", examples=["editor"])
    ip: IPvAnyAddress | None = None
    user_agent: Annotated[str, Field(max_length=512), AfterValidator(_one_line)] | None = None


class LoginIn(RequestBody):
    username: Name
    password: Secret = Field(min_length=1, max_length=1024)
    device_token: Secret | None = Field(None, max_length=512, description="of a trusted device; none exist yet")
    client: ClientIn = ClientIn()


class VerifyIn(RequestBody):
    challenge_token: ChallengeToken
    code: str = Field(strict=True, pattern=r"^[0-9]{6,8}$", description="ASCII digits", examples=["012345"])
    method: Literal["email_otp"] = "email_otp"
    remember_device: bool = Field(False, description="trusted devices do not exist yet; nothing is remembered")


class DecisionOut(BaseModel):
    outcome: Outcome
    reason: Reason
    policy_version: int | None
    region: str | None


class AuthenticatedOut(BaseModel):
    status: Literal["authenticated"] = "authenticated"
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="seconds")
    amr: tuple[str, ...]
    acr: str
    decision: DecisionOut


class ChallengeRequiredOut(BaseModel):
    status: Literal["challenge_required"] = "challenge_required"
    challenge_id: UUID
    challenge_token: str
    methods: tuple[Literal["email_otp"], ...] = ("email_otp",)
    expires_at: datetime
    decision: DecisionOut


class DeliveryOut(BaseModel):
    state: str = Field(examples=["queued", "sent", "delivered", "failed", "unknown"])
    at: datetime | None


class ProgressOut(BaseModel):
    state: str = Field(examples=["pending", "open", "verified", "locked", "expired"])
    delivery: DeliveryOut
    attempts_remaining: int | None
    expires_at: datetime
    resend_available_at: datetime | None = Field(None, description="null: no resend is offered")


def decision_out(decision: Decision) -> DecisionOut:
    return DecisionOut(
        outcome=decision.outcome,
        reason=decision.reason,
        policy_version=decision.policy_version,
        region=decision.region,
    )
