"""Whoever operates a service: known by a token of the list, or by one of the OpenID Connect issuer."""

import asyncio

from shared.credentials import Caller, CredentialBook, bearer
from shared.ending import ended
from shared.oidc_claims import OperatorClaims
from shared.oidc_issuer import REFRESH_S, OidcIssuer
from shared.oidc_tokens import OidcTokens
from shared.operator_settings import OPERATOR_ROLES, OperatorSettings
from shared.periodic import periodically


class Operators:
    """Enter it inside the running loop: meanwhile the issuer's keys are followed."""

    def __init__(self, settings: OperatorSettings) -> None:
        self._book = CredentialBook.parse(settings.operators.get_secret_value())
        self._issuer: OidcIssuer | None = None
        if settings.oidc_issuer is None or settings.oidc_audience is None:
            return
        self._issuer = OidcIssuer(settings.oidc_issuer, settings.oidc_jwks_url)
        roles = settings.oidc_roles or {role: frozenset({role}) for role in OPERATOR_ROLES}
        claims = OperatorClaims(settings.oidc_role_claim, settings.oidc_name_claim, roles)
        self._tokens = OidcTokens(self._issuer, settings.oidc_issuer, settings.oidc_audience, claims)

    async def __aenter__(self) -> None:
        if self._issuer is not None:
            await self._issuer.open()
            self._following = asyncio.create_task(periodically("oidc-keys", REFRESH_S, self._issuer.refresh))

    async def __aexit__(self, *exc: object) -> None:
        if self._issuer is not None:
            await ended(self._following)
            await self._issuer.close()

    async def find(self, authorization: str | None) -> Caller | None:
        """Raises: DependencyUnavailable while the issuer cannot be asked for its keys."""
        known = await self._book.find(authorization)
        if known is not None or self._issuer is None:
            return known
        token = bearer(authorization)
        return None if token is None else await self._tokens.caller_of(token)
