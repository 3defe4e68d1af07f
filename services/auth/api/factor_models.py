"""The bodies of `/v1/account/totp`, `/recovery-codes` and `/factors`."""

from pydantic import BaseModel, Field

from services.auth.api.models import RequestBody


class TotpOfferOut(BaseModel):
    """One secret in four forms. It is in use once a code is confirmed."""

    secret: str = Field(description="base32, to type by hand", examples=["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"])
    otpauth_uri: str = Field(examples=["otpauth://totp/Gatepost:kim@customer.example?secret=…&issuer=Gatepost"])
    qr_svg: str = Field(description="an SVG element", examples=["<svg …>…</svg>"])
    qr_png: str = Field(description="a data URI", examples=["data:image/png;base64,…"])


class ConfirmIn(RequestBody):
    code: str = Field(strict=True, pattern=r"^[0-9]{6}$", description="what the app shows", examples=["012345"])


class RecoveryCodesOut(BaseModel):
    recovery_codes: tuple[str, ...] = Field(
        description="each good once, shown now and never again; none where unused ones exist, which still hold",
        examples=[["7MZK-0Q2R-1X9A-BCDE"]],
    )


class FactorsOut(BaseModel):
    totp: bool = Field(description="whether an authenticator app is in use")
    recovery_codes_left: int
    email: str = Field(description="masked", examples=["k***@customer.example"])
