"""An operator's token of an OpenID Connect issuer: a JWT, verified as RFC 8725 asks."""

from typing import Any, Final, Protocol

import jwt
import structlog

from shared.credentials import Caller
from shared.oidc_claims import OperatorClaims
from shared.oidc_keys import ALGORITHMS, VerifyingKey

MOST_CHARS: Final = 16_384  # a person in hundreds of groups has 8 KiB
LEEWAY_S: Final = 60  # between the issuer's clock and ours

# RFC 9068 §2.1, RFC 7519 §5.1. Gatepost's challenges, logout tokens and proofs of possession have types of their own.
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_REQUIRED: Final = ["iss", "aud", "exp", "iat"]
# The last two: of headers that are no text, or no text that can be written down.
_INVALID: Final = (jwt.PyJWTError, ValueError, TypeError)

_log = structlog.get_logger()


class IssuerKeys(Protocol):
    async def key(self, kid: str | None, algorithm: str) -> VerifyingKey | None:
        """None: there is no such key. Raises: DependencyUnavailable while nobody can say."""


class OidcTokens:
    def __init__(self, keys: IssuerKeys, iss: str, audience: str, claims: OperatorClaims) -> None:
        self._keys = keys
        self._iss = iss
        self._audience = audience
        self._claims = claims

    async def caller_of(self, token: str) -> Caller | None:
        """Raises: DependencyUnavailable while no key of the issuer is known."""
        try:
            return await self._read(token)
        except _INVALID as error:  # its text may show what the token holds
            _log.info("oidc_token_refused", error=type(error).__name__)
            return None

    async def _read(self, token: str) -> Caller:
        if len(token) > MOST_CHARS:
            raise jwt.InvalidTokenError("too long")
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or not _is_of_our_types(header.get("typ", "JWT")):
            raise jwt.InvalidTokenError("not a token of this kind")
        key = await self._keys.key(header.get("kid"), algorithm)
        if key is None:
            raise jwt.InvalidKeyError("no such key")
        options: Any = {"require": _REQUIRED}
        claims = jwt.decode(
            token,
            key.public,
            key.algorithms,
            options,
            issuer=self._iss,
            audience=self._audience,
            leeway=LEEWAY_S,
        )
        caller = None if _is_of_another_kind(claims) else self._claims.caller_in(claims)
        if caller is None:
            raise jwt.InvalidTokenError("nobody who operates")
        return caller


def _is_of_our_types(typ: object) -> bool:
    return isinstance(typ, str) and typ.lower() in _TYPES


def _is_of_another_kind(claims: dict[str, Any]) -> bool:
    """A person's token of Gatepost itself, should somebody name auth as the issuer; and one that is bound to a key,
    which is no bearer token (RFC 9449 §7.2)."""
    return str(claims.get("acr")).startswith("urn:gatepost:") or "cnf" in claims
