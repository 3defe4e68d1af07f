"""The bodies of `/v1/account/totp`, `/recovery-codes` and `/factors`."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from services.auth.api.models import RequestBody
from services.auth.domain.factor import Method
from services.auth.domain.typed_code import MOST_TYPED_CHARS, typed_code


class TotpOfferOut(BaseModel):
    """One secret in four forms. It is in use once a code is confirmed."""

    secret: str = Field(description="base32, to type by hand", examples=["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"])
    otpauth_uri: str = Field(examples=["otpauth://totp/Gatepost:kim@customer.example?secret=…&issuer=Gatepost"])
    qr_svg: str = Field(description="an SVG element", examples=["<svg …>…</svg>"])
    qr_png: str = Field(description="a data URI", examples=["data:image/png;base64,…"])


def _totp_code(text: str) -> str:
    typed = typed_code(Method.TOTP, text)
    if typed is None:
        raise ValueError("not a code of an app")
    return typed


class ConfirmIn(RequestBody):
    code: Annotated[str, AfterValidator(_totp_code)] = Field(
        strict=True,
        max_length=MOST_TYPED_CHARS,
        pattern="^[0-9 -]+$",
        description="what the app shows, as it was typed",
        examples=["012345", "012 345"],
    )


class RecoveryCodesOut(BaseModel):
    recovery_codes: tuple[str, ...] = Field(
        description="each good once, shown now and never again; none where unused ones exist, which still hold",
        examples=[["7MZK-0Q2R-1X9A-BCDE"]],
    )


class FactorsOut(BaseModel):
    totp: bool = Field(description="whether an authenticator app is in use")
    recovery_codes_left: int
    email: str = Field(description="masked", examples=["k***@customer.example"])
