"""How strongly somebody is authenticated, in the words of the tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

# RFC 8176 values. Never `mfa` for a code by email: NIST 800-63B-4 does not accept email as an authenticator, and
# ASVS 5.0 §6.3.6 says the same.
AMR_PASSWORD: Final = ("pwd",)
AMR_PASSWORD_AND_CODE: Final = ("pwd", "otp")

ACR_PASSWORD: Final = "urn:gatepost:acr:password"  # noqa: S105 - a name
ACR_EMAIL_OTP: Final = "urn:gatepost:acr:email-otp"


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says. `subject` is the account id, `audience` the product."""

    subject: UUID
    audience: str
    auth_time: datetime
    amr: tuple[str, ...]
    acr: str


def by_password(subject: UUID, audience: str, now: datetime) -> Access:
    return Access(subject, audience, now, AMR_PASSWORD, ACR_PASSWORD)


def by_email_code(subject: UUID, audience: str, now: datetime) -> Access:
    return Access(subject, audience, now, AMR_PASSWORD_AND_CODE, ACR_EMAIL_OTP)
