"""The OTP service over HTTP: pooled connections, short deadlines, no retries (a retry would count twice)."""

import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final, TypeVar
from uuid import UUID

import aiohttp
from pydantic import SecretStr

from services.auth.adapters.otp_answers import progress_in, refusal_in, resent_in
from services.auth.domain.challenge import Challenge
from services.auth.use_cases.follow_challenge import Progress, Quiet
from services.auth.use_cases.resend_code import NotResent, Recipient, Resent
from services.auth.use_cases.verify_challenge import Refusal
from shared.unavailable import DependencyUnavailable

DEADLINE_S: Final = 3.0
CONNECT_S: Final = 1.0
KEPT_ALIVE_S: Final = 30.0
SILENT_S: Final = 25.0  # a stream has a line every 10 s, if only an empty one: after two that did not come it is dead

T = TypeVar("T")
Meanings = Mapping[int, Callable[[Any], T]]


class OtpClient:
    """`most_streams`: connections for streams, beside those for all else, so that nobody who waits keeps a code from
    being judged. `silent_s`: how long a stream may have no line."""

    def __init__(self, base_url: str, credential: SecretStr, most_streams: int, silent_s: float = SILENT_S) -> None:
        self._base_url = base_url
        self._credential = credential
        self._most_streams = most_streams
        self._silent_s = silent_s
        self._listening: set[aiohttp.ClientResponse] = set()

    async def open(self) -> None:
        """aiohttp wants a running loop for this."""
        self._calls = self._session(256, aiohttp.ClientTimeout(total=DEADLINE_S, connect=CONNECT_S))
        endless = aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=self._silent_s)
        self._streams = self._session(self._most_streams, endless)

    def _session(self, most: int, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            self._base_url,
            headers={"Authorization": f"Bearer {self._credential.get_secret_value()}"},
            timeout=timeout,
            connector=aiohttp.TCPConnector(limit=most, keepalive_timeout=KEPT_ALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def judge(self, challenge: Challenge, code: str) -> Refusal | None:
        body = {"code": code, "client_hash": challenge.client_hash}
        return await self._call("POST", f"{_path(challenge)}/verify", {200: refusal_in}, body)

    async def resend(self, challenge: Challenge, to: Recipient) -> Resent | NotResent:
        body = {"client_hash": challenge.client_hash, "purpose": challenge.purpose, **asdict(to)}
        return await self._call("POST", f"{_path(challenge)}/resend", {200: resent_in}, body)

    async def unlock(self, account_id: UUID) -> None:
        await self._call("POST", f"/internal/v1/accounts/{account_id}/unlock", {204: lambda _: None})

    async def progress(self, challenge: Challenge) -> Progress | None:
        meanings: Meanings[Progress | None] = {200: progress_in, 404: lambda _: None}
        return await self._call("GET", _path(challenge), meanings)

    async def changes(self, challenge: Challenge) -> AsyncGenerator[Progress | Quiet | None, None]:
        with _outages():
            async with self._streams.get(f"{_path(challenge)}/events") as response:
                if response.status != 200:
                    raise DependencyUnavailable("otp")
                self._listening.add(response)
                try:
                    async for line in response.content:
                        yield _change_in(line)
                finally:
                    self._listening.discard(response)

    async def answers(self) -> bool:
        return await self._call("GET", "/readyz?exclude=kafka", {200: lambda _: True})

    def end_streams(self) -> None:
        """Each of them is lost to its reader, as if the OTP service had gone."""
        for response in tuple(self._listening):
            response.close()

    async def close(self) -> None:
        await self._streams.close()
        await self._calls.close()

    async def _call(self, method: str, path: str, meanings: Meanings[T], body: dict[str, str] | None = None) -> T:
        """`meanings`: of each status that may be answered, what its body says."""
        with _outages():
            async with self._calls.request(method, path, json=body) as response:
                return meanings[response.status](await response.json(content_type=None))


@contextmanager
def _outages() -> Iterator[None]:
    """An answer that cannot be read, or that we do not know, is none."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        raise DependencyUnavailable("otp") from error


def _change_in(line: bytes) -> Progress | Quiet | None:
    if not line.strip():
        return Quiet()
    answer = json.loads(line)
    return None if answer is None else progress_in(answer)


def _path(challenge: Challenge) -> str:
    return f"/internal/v1/accounts/{challenge.account_id}/challenges/{challenge.id}"
