"""Challenge tokens and access tokens: JWTs signed with Ed25519 (`EdDSA`), told apart by `typ` (RFC 8725 §3.11)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from services.auth.adapters.token_claims import access_in, challenge_in, claims_of_access, claims_of_challenge
from services.auth.domain.access import LOGIN_PURPOSE, Access
from services.auth.domain.challenge import Challenge
from services.auth.domain.remembered_tokens import RememberedTokens, SignedAccess
from services.auth.domain.signing_keys import SigningKey, SigningKeys
from services.auth.use_cases.verify_challenge import Closed
from shared.unavailable import DependencyUnavailable

ALGORITHM: Final = "EdDSA"
CHALLENGE_TYPE: Final = "challenge+jwt"
ACCESS_TYPE: Final = "at+jwt"  # RFC 9068
CHALLENGE_AUDIENCE: Final = "gatepost:challenge"
MAX_TOKEN_CHARS: Final = 4096
SIGNING_KEYS: Final = "signing-keys"

_CHALLENGE_CLAIMS: Final = ["iss", "aud", "sub", "jti", "iat", "exp"]
_ACCESS_CLAIMS: Final = [*_CHALLENGE_CLAIMS, "auth_time", "amr", "acr"]
# The last four: signed by us, and of another release than this one.
_NOT_OURS: Final = (jwt.InvalidTokenError, ValueError, TypeError, KeyError, OverflowError)


class SignedTokens:
    """`keys` is alive: it tells at each call which one signs and which ones are published and accepted."""

    def __init__(
        self,
        keys: SigningKeys,
        issuer: str,
        access_life: timedelta,
        step_up_life: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._pairs: dict[str, tuple[Ed25519PrivateKey, Ed25519PublicKey]] = {}
        self._issuer = issuer
        self._now = now
        self._access_life = access_life
        self._step_up_life = step_up_life
        self._remembered = RememberedTokens()

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """RFC 7517 key set of the public keys. Raises: DependencyUnavailable."""
        keys = self._keys.accepted(self._now())
        if not keys:  # an empty set would be believed, and kept
            raise DependencyUnavailable(SIGNING_KEYS)
        return {"keys": [_jwk(key.kid, self._pair(key)[1]) for key in keys]}

    def life_of(self, access: Access) -> timedelta:
        """How long a token of it holds from now on."""
        whole = self._access_life if access.purpose == LOGIN_PURPOSE else self._step_up_life
        return whole if access.not_after is None else min(whole, access.not_after - self._now())

    def sign_access(self, access: Access) -> str:
        now = self._now()
        claims = {
            "iss": self._issuer,
            "jti": str(uuid4()),
            "iat": int(now.timestamp()),
            "exp": int((now + self.life_of(access)).timestamp()),
            **claims_of_access(access),
        }
        return self._sign(claims, ACCESS_TYPE)

    def read_access(self, token: str, audience: str | None) -> Access | None:
        """The access in a token of ours that holds now. `audience` None: for whichever product it was made."""
        try:
            signed = self._remembered.get(token) or self._verified(token)
        except _NOT_OURS:
            return None
        now = self._now()
        holds = self._accepted(signed.kid, now) is not None and now < signed.expires_at
        return signed.access if holds and audience in (None, signed.access.audience) else None

    def _verified(self, token: str) -> SignedAccess:
        claims, kid = self._read(token, ACCESS_TYPE, _ACCESS_CLAIMS, None)
        signed = SignedAccess(access_in(claims), kid, datetime.fromtimestamp(claims["exp"], UTC))
        self._remembered.add(token, signed)
        return signed

    def sign_challenge(self, challenge: Challenge) -> str:
        claims = {"iss": self._issuer, "aud": CHALLENGE_AUDIENCE, **claims_of_challenge(challenge)}
        return self._sign(claims, CHALLENGE_TYPE)

    def read_challenge(self, token: str) -> Challenge | Closed:
        try:
            claims, _ = self._read(token, CHALLENGE_TYPE, _CHALLENGE_CLAIMS, CHALLENGE_AUDIENCE)
            return challenge_in(claims)
        except jwt.ExpiredSignatureError:
            return Closed.EXPIRED
        except _NOT_OURS:
            return Closed.UNKNOWN

    def _sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """Raises: DependencyUnavailable."""
        key = self._keys.signer(self._now())
        if key is None:
            raise DependencyUnavailable(SIGNING_KEYS)
        return jwt.encode(dict(claims), self._pair(key)[0], ALGORITHM, headers={"kid": key.kid, "typ": typ})

    def _read(self, token: str, typ: str, required: list[str], audience: str | None) -> tuple[dict[str, Any], str]:
        """The claims, and the id of the key that signed them. Raises: DependencyUnavailable as `_accepted`.

        The algorithm is ours, the key is one of ours, the type is what is asked for; the token chooses nothing.
        """
        if len(token) > MAX_TOKEN_CHARS:
            raise jwt.InvalidTokenError("too long")
        header = jwt.get_unverified_header(token)
        key = self._accepted(str(header.get("kid")), self._now())
        if key is None or header.get("typ") != typ:
            raise jwt.InvalidTokenError("not a token of this kind")
        # `iat` is not compared with our clock: a token from an instance that is a second ahead of us holds.
        options: Any = {"require": required, "verify_aud": audience is not None, "verify_iat": False}
        public = self._pair(key)[1]
        return jwt.decode(token, public, [ALGORITHM], options, issuer=self._issuer, audience=audience), key.kid

    def _accepted(self, kid: str, now: datetime) -> SigningKey | None:
        """Raises: DependencyUnavailable while this instance knows no keys: it cannot tell good tokens from bad ones."""
        key = self._keys.get(kid, now)
        if key is None and not self._keys.accepted(now):
            raise DependencyUnavailable(SIGNING_KEYS)
        return key

    def _pair(self, key: SigningKey) -> tuple[Ed25519PrivateKey, Ed25519PublicKey]:
        """Made once for each key, not for each token. Only keys of ours come here."""
        if key.kid not in self._pairs:
            private = Ed25519PrivateKey.from_private_bytes(key.seed)
            self._pairs[key.kid] = private, private.public_key()
        return self._pairs[key.kid]


def _jwk(kid: str, public: Ed25519PublicKey) -> dict[str, Any]:
    return OKPAlgorithm.to_jwk(public, as_dict=True) | {"kid": kid, "use": "sig", "alg": ALGORITHM}
