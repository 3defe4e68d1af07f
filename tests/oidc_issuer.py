"""An OpenID Connect issuer on a port of this machine: discovery, keys that change, tokens; and one that fails."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from deploy.local.ports import free_port

AUDIENCE = "gatepost-operators"
_RSA = rsa.generate_private_key(65537, 2048)  # 50 ms each: all RSA keys that need not differ are this one
DISCOVERY, JWKS, MOVED = "/.well-known/openid-configuration", "/keys", "/moved"

_MAKE: dict[str, Callable[[], Any]] = {
    "RS256": lambda: _RSA,
    "PS256": lambda: _RSA,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
_JWK: dict[str, Callable[[Any], dict[str, Any]]] = {
    "RS256": lambda public: RSAAlgorithm.to_jwk(public, as_dict=True),
    "PS256": lambda public: RSAAlgorithm.to_jwk(public, as_dict=True),
    "ES256": lambda public: ECAlgorithm.to_jwk(public, as_dict=True),
    "EdDSA": lambda public: OKPAlgorithm.to_jwk(public, as_dict=True),
}


class IssuerKey:
    def __init__(self, kid: str, algorithm: str = "ES256", private: Any = None) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self.private = private or _MAKE[algorithm]()

    @property
    def jwk(self) -> dict[str, Any]:
        return _JWK[self.algorithm](self.private.public_key()) | {"kid": self.kid, "use": "sig"}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """None as a header's value: without it."""
        return jwt.encode(claims, self.private, self.algorithm, headers={"kid": self.kid} | header)


def claims(issuer: str, **changes: Any) -> dict[str, Any]:
    """Of a token that would do, with changes; None as a value: without it."""
    now = int(time.time())
    whole = {"iss": issuer, "aud": AUDIENCE, "sub": "kim", "iat": now, "exp": now + 600, "roles": ["viewer"]} | changes
    return {name: value for name, value in whole.items() if value is not None}


@dataclass
class Issuer:
    """`answers`: path → what it says instead of what it should; MOVED has the keys too.

    While `held` is not None, answers wait for it."""

    port: int
    keys: list[IssuerKey] = field(default_factory=lambda: [IssuerKey("k1")])
    answers: dict[str, Callable[[str], web.Response]] = field(default_factory=dict)
    held: asyncio.Event | None = None
    asked: Counter[str] = field(default_factory=Counter)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self, *roles: str, key: IssuerKey | None = None, **changes: Any) -> str:
        return (key or self.keys[-1]).sign(claims(self.url, roles=list(roles), **changes))

    def bearer(self, *roles: str, **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(*roles, **changes)}"}

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get(DISCOVERY, self._answer)
        app.router.add_get(JWKS, self._answer)
        app.router.add_get(MOVED, self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        if self.held is not None:
            await self.held.wait()
        if request.path in self.answers:
            return self.answers[request.path](self.url)
        discovered = {"issuer": self.url, "jwks_uri": self.url + JWKS}
        said = discovered if request.path == DISCOVERY else {"keys": [key.jwk for key in self.keys]}
        return web.Response(text=json.dumps(said), content_type="application/json")


@asynccontextmanager
async def oidc_issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer(free_port())
    await issuer.start()
    try:
        yield issuer
    finally:
        await issuer.stop()
