"""The ways to prove more than a password, weakest first, and what a token may say of each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Method(StrEnum):
    """`method` of `POST /v1/challenges/{id}/verify`."""

    EMAIL_OTP = "email_otp"
    RECOVERY_CODE = "recovery_code"
    TOTP = "totp"


ACR_PASSWORD: Final = "urn:gatepost:acr:password"  # noqa: S105 - a name
ACR_TRUSTED_DEVICE: Final = "urn:gatepost:acr:trusted-device"
ACR_EMAIL_OTP: Final = "urn:gatepost:acr:email-otp"
ACR_RECOVERY_CODE: Final = "urn:gatepost:acr:recovery-code"
ACR_TOTP: Final = "urn:gatepost:acr:totp"

# Weakest first: what is asked for is met by itself and by all that follow.
ACRS: Final = (ACR_PASSWORD, ACR_TRUSTED_DEVICE, ACR_EMAIL_OTP, ACR_RECOVERY_CODE, ACR_TOTP)


@dataclass(frozen=True, slots=True)
class Proof:
    """`amr` in the values of RFC 8176."""

    acr: str
    amr: tuple[str, ...]


PASSWORD: Final = Proof(ACR_PASSWORD, ("pwd",))
# The device token was given for a second factor that was met within 30 days, not for one met now.
TRUSTED_DEVICE: Final = Proof(ACR_TRUSTED_DEVICE, ("pwd",))

_BY_METHOD: Final = {
    # Never `mfa` for a code by email: NIST 800-63B-4 does not accept email as an authenticator, and ASVS 5.0 §6.3.6
    # says the same. Recovery codes (look-up secrets, §3.1.2) and TOTP (§3.1.4) are authenticators.
    Method.EMAIL_OTP: Proof(ACR_EMAIL_OTP, ("pwd", "otp")),
    Method.RECOVERY_CODE: Proof(ACR_RECOVERY_CODE, ("pwd", "otp", "mfa")),
    Method.TOTP: Proof(ACR_TOTP, ("pwd", "otp", "mfa")),
}


def proof_of(method: Method) -> Proof:
    """What a password and this factor prove together."""
    return _BY_METHOD[method]


def stepped_up(method: Method) -> Proof:
    """What this factor proves alone: of a password nothing is known here."""
    return Proof(_BY_METHOD[method].acr, ("otp",))


def satisfies(acr: str, wanted: str) -> bool:
    """Whether `acr` is `wanted` or stronger. Raises: ValueError for one that is none of ours."""
    return ACRS.index(acr) >= ACRS.index(wanted)
