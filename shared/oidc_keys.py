"""The keys of a JSON Web Key Set (RFC 7517) that may verify an operator's token, and for which algorithms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

# The key says which algorithms, not the token: a public RSA key must not become the secret of an HMAC (RFC 8725 §2.1).
_ALGORITHMS: Final[dict[tuple[object, object], tuple[str, ...]]] = {
    ("RSA", None): ("RS256", "PS256"),
    ("EC", "P-256"): ("ES256",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
ALGORITHMS: Final = frozenset(name for names in _ALGORITHMS.values() for name in names)
LEAST_RSA_BITS: Final = 2048  # RFC 7518 §3.3


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    kid: str | None
    algorithms: tuple[str, ...]
    public: Any


def keys_in(document: Any) -> tuple[VerifyingKey, ...]:
    """Those that we can use; others of the set are passed over. Raises: ValueError if there are none."""
    members = document.get("keys") if isinstance(document, dict) else None
    found = tuple(_usable(members if isinstance(members, list) else []))
    if not found:
        raise ValueError("a key set without a key that we can use")
    return found


def fitting(keys: Sequence[VerifyingKey], kid: str | None, algorithm: str) -> VerifyingKey | None:
    """The one key that a token with this header can be of. Without `kid` it must be the only one for its algorithm
    (OpenID Connect Core §10.1)."""
    fit = [key for key in keys if algorithm in key.algorithms and kid in (None, key.kid)]
    return fit[0] if len(fit) == 1 else None


def _usable(members: Sequence[Any]) -> Iterator[VerifyingKey]:
    for jwk in members:
        if not isinstance(jwk, dict):
            continue
        try:
            algorithms = _algorithms_of(jwk) if _is_for_signatures(jwk) else ()
            public = jwt.PyJWK(jwk).key if algorithms else None
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        if public is not None and not _is_weak(public):
            yield VerifyingKey(jwk.get("kid"), algorithms, public)


def _is_for_signatures(jwk: dict[str, Any]) -> bool:
    if "d" in jwk:  # a private key: whoever read it here can sign
        return False
    operations = jwk.get("key_ops")
    named = isinstance(jwk.get("kid"), str | None)
    return named and jwk.get("use") in (None, "sig") and (operations is None or "verify" in operations)


def _algorithms_of(jwk: dict[str, Any]) -> tuple[str, ...]:
    possible = _ALGORITHMS.get((jwk.get("kty"), jwk.get("crv")), ())
    return tuple(name for name in possible if jwk.get("alg") in (None, name))


def _is_weak(public: Any) -> bool:
    return isinstance(public, RSAPublicKey) and public.key_size < LEAST_RSA_BITS
