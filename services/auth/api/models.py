"""The bodies of the HTTP interface (DESIGN §9)."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyAddress,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from services.auth.domain.decision import Decision, Outcome, Reason
from services.auth.domain.factor import ACR_EMAIL_OTP, Method
from services.auth.domain.typed_code import MOST_TYPED_CHARS, typed_code


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


def _text(value: object) -> object:
    """A number is no address, though `ipaddress` would read it as one."""
    if not isinstance(value, str):
        raise ValueError("not text")
    return value


Secret = Annotated[SecretStr, AfterValidator(_encodable)]
Line = AfterValidator(_one_line)
Name = Annotated[str, Field(min_length=1, max_length=254), AfterValidator(_one_line)]
PURPOSE_PATTERN: Final = r"^[a-z][a-z0-9-]{0,63}$"
Purpose = Annotated[str, Field(pattern=PURPOSE_PATTERN, examples=["payment"])]
Product = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", examples=["editor"])]
UserAgent = Annotated[str, Field(max_length=512), AfterValidator(_one_line)]
ChallengeToken = Annotated[str, Field(min_length=1, max_length=4096, examples=["eyJhbGciOiJFZERTQSIsInR5cCI6…"])]


class RequestBody(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ClientIn(RequestBody):
    """What the gateway knows of the program that signs in. `product` becomes the audience of the token."""

    product: Product = "gatepost"
    ip: Annotated[IPvAnyAddress, BeforeValidator(_text)] | None = Field(
        None, description="believed only of a trusted proxy that sends no X-Forwarded-For"
    )
    user_agent: UserAgent | None = None


class LoginIn(RequestBody):
    username: Name = Field(examples=["kim"])
    password: Secret = Field(min_length=1, max_length=1024, examples=["right horse battery"])
    device_token: Secret | None = Field(None, max_length=512, description="of a trusted device")
    client: ClientIn = ClientIn()


class VerifyIn(RequestBody):
    challenge_token: ChallengeToken
    method: Method = Method.EMAIL_OTP
    code: str | None = Field(
        None,
        strict=True,
        max_length=MOST_TYPED_CHARS,
        validate_default=True,
        description="as it was typed: spaces, and single hyphens between digits, do not count; left out with "
        "`email_otp`: a mail is asked for, where one may stand in for the app",
        examples=["012345"],
    )
    remember_device: bool = Field(False, strict=True, description="gives a device token: no code here for 30 days")

    @field_validator("code")
    @classmethod
    def _code_fits_method(cls, code: str | None, info: ValidationInfo) -> str | None:
        method = info.data.get("method")  # absent: it was none, which is told
        if method is None or (code is None and method is Method.EMAIL_OTP):
            return code
        typed = typed_code(method, code) if code is not None else None
        if typed is None:
            raise ValueError("not a code of this method")
        return typed


class DecisionOut(BaseModel):
    outcome: Outcome
    reason: Reason
    policy_version: int | None
    region: str | None


class TokensOut(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="seconds")
    refresh_token: str | None = Field(description="null: the token of a step-up is not refreshed")
    amr: tuple[str, ...] = Field(examples=[["pwd", "otp"]])
    acr: str = Field(examples=[ACR_EMAIL_OTP])
    scope: str = Field(description="separated by spaces", examples=["account account:security"])


class AuthenticatedOut(TokensOut):
    status: Literal["authenticated"] = "authenticated"
    device_token: str | None = Field(None, description="keep it instead of the one that was sent; null: none was")
    decision: DecisionOut


class ChallengeRequiredOut(BaseModel):
    status: Literal["challenge_required"] = "challenge_required"
    challenge_id: UUID
    challenge_token: str
    methods: tuple[Method, ...]
    expires_at: datetime
    decision: DecisionOut


class MailRequestedOut(BaseModel):
    status: Literal["mail_requested"] = "mail_requested"
    challenge_id: UUID
    expires_at: datetime


def decision_out(decision: Decision) -> DecisionOut:
    return DecisionOut(
        outcome=decision.outcome,
        reason=decision.reason,
        policy_version=decision.policy_version,
        region=decision.region,
    )
