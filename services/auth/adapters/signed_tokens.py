"""Challenge tokens and access tokens: JWTs signed with Ed25519 (`EdDSA`), told apart by `typ` (RFC 8725 §3.11)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from services.auth.domain.access import LOGIN_PURPOSE, Access
from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import Reason
from services.auth.domain.factor import Method
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
            "aud": access.audience,
            "sub": str(access.subject),
            "jti": str(uuid4()),
            "iat": int(now.timestamp()),
            "exp": int((now + self.life_of(access)).timestamp()),
            "auth_time": int(access.auth_time.timestamp()),
            "amr": list(access.amr),
            "acr": access.acr,
            "scope": " ".join(access.scope),
            "purpose": access.purpose,
            **({"sid": str(access.session_id)} if access.session_id else {}),
        }
        return self._sign(claims, ACCESS_TYPE)

    def read_access(self, token: str, audience: str | None) -> Access | None:
        """The access in a token of ours that holds now. `audience` None: for whichever product it was made."""
        try:
            claims = self._read(token, ACCESS_TYPE, _ACCESS_CLAIMS, audience)
            return Access(
                subject=UUID(claims["sub"]),
                audience=str(claims["aud"]),
                auth_time=datetime.fromtimestamp(claims["auth_time"], UTC),
                amr=tuple(claims["amr"]),
                acr=claims["acr"],
                scope=tuple(claims.get("scope", "").split()),
                session_id=UUID(claims["sid"]) if "sid" in claims else None,
                purpose=claims.get("purpose", LOGIN_PURPOSE),  # the release before had no other
            )
        except _NOT_OURS:
            return None

    def sign_challenge(self, challenge: Challenge) -> str:
        claims = {
            "iss": self._issuer,
            "aud": CHALLENGE_AUDIENCE,
            "sub": str(challenge.account_id),
            "jti": str(challenge.id),
            "iat": int(challenge.issued_at.timestamp()),
            "exp": int(challenge.expires_at.timestamp()),
            "region": challenge.region,
            "policy_version": challenge.policy_version,
            "reason": challenge.reason,
            "purpose": challenge.purpose,
            "methods": list(challenge.methods),
            "product": challenge.product,
            "label": challenge.label,
            "sid": str(challenge.session_id) if challenge.session_id else None,
            "new_address": challenge.new_address,
            "client_hash": challenge.client_hash,
        }
        return self._sign(claims, CHALLENGE_TYPE)

    def read_challenge(self, token: str) -> Challenge | Closed:
        try:
            claims = self._read(token, CHALLENGE_TYPE, _CHALLENGE_CLAIMS, CHALLENGE_AUDIENCE)
            return _challenge(claims)
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

    def _read(self, token: str, typ: str, required: list[str], audience: str | None) -> dict[str, Any]:
        """The algorithm is ours, the key is one of ours, the type is what is asked for; the token chooses nothing.

        Raises: DependencyUnavailable while this instance knows no keys: it cannot tell good tokens from bad ones.
        """
        if len(token) > MAX_TOKEN_CHARS:
            raise jwt.InvalidTokenError("too long")
        header = jwt.get_unverified_header(token)
        key = self._keys.get(str(header.get("kid")), self._now())
        if key is None and not self._keys.accepted(self._now()):
            raise DependencyUnavailable(SIGNING_KEYS)
        if key is None or header.get("typ") != typ:
            raise jwt.InvalidTokenError("not a token of this kind")
        # `iat` is not compared with our clock: a token from an instance that is a second ahead of us holds.
        options: Any = {"require": required, "verify_aud": audience is not None, "verify_iat": False}
        public = self._pair(key)[1]
        return jwt.decode(token, public, [ALGORITHM], options, issuer=self._issuer, audience=audience)

    def _pair(self, key: SigningKey) -> tuple[Ed25519PrivateKey, Ed25519PublicKey]:
        """Made once for each key, not for each token. Only keys of ours come here."""
        if key.kid not in self._pairs:
            private = Ed25519PrivateKey.from_private_bytes(key.seed)
            self._pairs[key.kid] = private, private.public_key()
        return self._pairs[key.kid]


def _jwk(kid: str, public: Ed25519PublicKey) -> dict[str, Any]:
    return OKPAlgorithm.to_jwk(public, as_dict=True) | {"kid": kid, "use": "sig", "alg": ALGORITHM}


def _challenge(claims: dict[str, Any]) -> Challenge:
    return Challenge(
        id=UUID(claims["jti"]),
        account_id=UUID(claims["sub"]),
        region=claims["region"],
        policy_version=claims["policy_version"],
        reason=Reason(claims["reason"]),
        purpose=claims["purpose"],
        methods=tuple(Method(method) for method in claims.get("methods", [Method.EMAIL_OTP])),
        product=claims["product"],
        label=claims.get("label", claims["product"]),
        session_id=UUID(claims["sid"]) if claims.get("sid") else None,
        new_address=claims.get("new_address"),
        client_hash=claims["client_hash"],
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )
