"""The OTP service over HTTP: one pooled connection set, short deadlines, no retries (a retry would count twice)."""

from datetime import datetime
from typing import Any, Final

import aiohttp
from pydantic import SecretStr

from services.auth.domain.challenge import Challenge
from services.auth.use_cases.follow_challenge import Progress
from services.auth.use_cases.verify_challenge import Closed, NotIssuedYet, Refusal, TooManyAttempts, Wrong
from shared.unavailable import DependencyUnavailable

DEADLINE_S: Final = 3.0
CONNECT_S: Final = 1.0
KEPT_ALIVE_S: Final = 30.0


class OtpClient:
    def __init__(self, base_url: str, credential: SecretStr) -> None:
        self._base_url = base_url
        self._credential = credential

    async def open(self) -> None:
        """aiohttp wants a running loop for this."""
        self._session = aiohttp.ClientSession(
            self._base_url,
            headers={"Authorization": f"Bearer {self._credential.get_secret_value()}"},
            timeout=aiohttp.ClientTimeout(total=DEADLINE_S, connect=CONNECT_S),
            connector=aiohttp.TCPConnector(limit=256, keepalive_timeout=KEPT_ALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def judge(self, challenge: Challenge, code: str) -> Refusal | None:
        body = {"code": code, "client_hash": challenge.client_hash}
        status, answer = await self._call("POST", f"{_path(challenge)}/verify", body)
        if status != 200:
            raise DependencyUnavailable("otp")
        match answer["verdict"]:
            case "verified":
                return None
            case "wrong":
                return Wrong(answer["attempts_remaining"])
            case "not-issued":
                return NotIssuedYet()
            case "locked":
                return TooManyAttempts()
            case "account-locked":
                return TooManyAttempts(datetime.fromisoformat(answer["retry_at"]))
            case "unknown" | "expired" | "used" as reason:
                return Closed(reason)
            case _:  # of a version that we do not know
                raise DependencyUnavailable("otp")

    async def progress(self, challenge: Challenge) -> Progress | None:
        status, answer = await self._call("GET", _path(challenge))
        if status == 404:
            return None
        if status != 200:
            raise DependencyUnavailable("otp")
        delivery = answer["delivery"]
        return Progress(
            state=answer["state"],
            delivery_state=delivery["state"],
            delivery_at=datetime.fromisoformat(delivery["at"]) if delivery["at"] else None,
            attempts_remaining=answer["attempts_remaining"],
            expires_at=datetime.fromisoformat(answer["expires_at"]),
        )

    async def answers(self) -> bool:
        status, _ = await self._call("GET", "/readyz?exclude=kafka")
        return status == 200

    async def close(self) -> None:
        await self._session.close()

    async def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
        try:
            async with self._session.request(method, path, json=body) as response:
                return response.status, await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DependencyUnavailable("otp") from error


def _path(challenge: Challenge) -> str:
    return f"/internal/v1/accounts/{challenge.account_id}/challenges/{challenge.id}"
