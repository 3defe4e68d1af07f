"""Who is signed in, from the access token of the request; and RFC 9470 where that is not strong or recent enough."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Header
from starlette.exceptions import HTTPException

from services.auth.api.tokens import Tokens
from services.auth.domain.access import LOGIN_PURPOSE, Access
from services.auth.domain.factor import ACR_EMAIL_OTP, satisfies
from services.auth.domain.revocations import Revocations

Dependency = Callable[..., Awaitable[Access]]
SECURITY_SCOPE = "account:security"


class InsufficientAuthentication(Exception):
    """Signed in, but not strongly or recently enough, or not for this (RFC 9470 §3). `asked` is what is missing."""

    def __init__(self, **asked: str) -> None:
        super().__init__()
        self.asked = asked


def bearer(authorization: str) -> str | None:
    """The token of an `Authorization: Bearer …` header."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Makes the FastAPI dependencies of the routes that a signed-in person calls."""

    tokens: Tokens
    revocations: Revocations
    now: Callable[[], datetime]
    fresh_for: timedelta

    def access_of(self, authorization: str) -> Access:
        """Raises: HTTPException 401."""
        token = bearer(authorization)
        access = self.tokens.read_access(token, None) if token else None
        if access is None or access.session_id in self.revocations:
            challenge = 'Bearer error="invalid_token"' if token else "Bearer"  # RFC 6750 §3.1
            raise HTTPException(401, headers={"WWW-Authenticate": challenge})
        return access

    def session(self) -> Dependency:
        """The access of a login's token."""

        async def signed_in(authorization: Annotated[str, Header()] = "") -> Access:
            access = self.access_of(authorization)
            if access.purpose != LOGIN_PURPOSE:
                raise InsufficientAuthentication(purpose=LOGIN_PURPOSE)
            return access

        return signed_in

    def for_purpose(self, purpose: str) -> Dependency:
        """The access of a step-up that was made for exactly this."""

        async def stepped_up(authorization: Annotated[str, Header()] = "") -> Access:
            access = self.access_of(authorization)
            if access.purpose != purpose:
                raise InsufficientAuthentication(purpose=purpose)
            return access

        return stepped_up

    def fresh_or_for_purpose(self, purpose: str) -> Dependency:
        """A step-up for this, or a login with a second factor within `fresh_for` that has the security scope."""

        async def strong(authorization: Annotated[str, Header()] = "") -> Access:
            access = self.access_of(authorization)
            fresh = self.now() - access.auth_time <= self.fresh_for and satisfies(access.acr, ACR_EMAIL_OTP)
            by_login = access.purpose == LOGIN_PURPOSE and fresh and SECURITY_SCOPE in access.scope
            if not by_login and access.purpose != purpose:
                max_age = str(int(self.fresh_for.total_seconds()))
                raise InsufficientAuthentication(acr_values=ACR_EMAIL_OTP, max_age=max_age, purpose=purpose)
            return access

        return strong
