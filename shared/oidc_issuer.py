"""The keys of an OpenID Connect issuer: fetched, kept, and fetched again when a token names one that is not known."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import structlog

from shared.oidc_keys import VerifyingKey, fitting, keys_in
from shared.operator_settings import checked_url
from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable

DEPENDENCY: Final = "oidc-issuer"
DEADLINE_S: Final = 3.0  # of the discovery document and the keys together
MOST_BODY_BYTES: Final = 256 * 1024
REFRESH_S: Final = 300.0  # a key that the issuer has withdrawn is believed for so long
STALE_S: Final = 24 * 3600.0  # so long the keys serve while the issuer is away
AGAIN_S: Final = 10  # anybody can name keys that do not exist: six fetches a minute come of it

_log = structlog.get_logger()
_failures: Final = meter.create_counter("gatepost.oidc.fetch_failures", description="fetches of the issuer's keys")


class OidcIssuer:
    """`jwks_url` None: as the discovery document says. `clock`: seconds that never go back."""

    def __init__(
        self,
        issuer: str,
        jwks_url: str | None,
        clock: Callable[[], float] = time.monotonic,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._clock = clock
        self._deadline_s = deadline_s
        self._keys: tuple[VerifyingKey, ...] = ()
        self._fetched_at = self._asked_at = float("-inf")
        self._reached = False
        self._fetching = asyncio.Lock()

    async def open(self) -> None:
        """aiohttp wants a running loop for this."""
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a small body cannot become a large one
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        await self._http.close()

    async def key(self, kid: str | None, algorithm: str) -> VerifyingKey | None:
        """None: the issuer has no such key. Raises: DependencyUnavailable while it cannot be asked."""
        found = self._known(kid, algorithm)
        if found is None:
            found = await self._asked_for(kid, algorithm)
        if found is None and not self._reached:
            raise DependencyUnavailable(DEPENDENCY, AGAIN_S)
        return found

    async def refresh(self) -> None:
        """Raises: DependencyUnavailable; the keys that are known stay."""
        async with self._fetching:
            await self._fetch()
        if not self._reached:
            raise DependencyUnavailable(DEPENDENCY, AGAIN_S)

    def _known(self, kid: str | None, algorithm: str) -> VerifyingKey | None:
        if self._clock() - self._fetched_at > STALE_S:
            return None
        return fitting(self._keys, kid, algorithm)

    async def _asked_for(self, kid: str | None, algorithm: str) -> VerifyingKey | None:
        async with self._fetching:
            found = self._known(kid, algorithm)  # fetched while this one waited for its turn
            if found is None and self._clock() - self._asked_at >= AGAIN_S:
                self._asked_at = self._clock()
                await self._fetch()
                found = self._known(kid, algorithm)
            return found

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._deadline_s):
                self._keys = keys_in(await self._json(self._jwks_url or await self._discovered()))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError) as error:
            self._reached = False
            _failures.add(1)
            _log.warning("oidc_keys_not_fetched", error=type(error).__name__, because=str(error)[:200])
        else:
            self._reached = True
            self._fetched_at = self._clock()

    async def _discovered(self) -> str:
        document = await self._json(f"{self._issuer.removesuffix('/')}/.well-known/openid-configuration")
        url = document.get("jwks_uri") if isinstance(document, dict) else None
        if not isinstance(url, str) or document.get("issuer") != self._issuer:  # OpenID Connect Discovery §4.3
            raise ValueError("a discovery document without jwks_uri, or of another issuer")
        return checked_url(url)

    async def _json(self, url: str) -> Any:
        async with self._http.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"answered {response.status}")
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > MOST_BODY_BYTES:
                    raise ValueError("a body that is too large")
            return json.loads(body)
