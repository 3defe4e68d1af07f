"""Rollout's HTTP interface, as commands call it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx

from services.rollout.cli.connection import PATIENCE_S
from services.rollout.cli.exits import Exit, Json, Stopped, refusal

READS: Final = "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Json


class Rollout:
    """Every method raises Stopped."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, path: str, wait_s: int = 0, **query: Any) -> Json:
        """`wait_s`: rollout may take so long to answer. What is None is not asked for."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._call(READS, path, params=asked | ({"wait_s": wait_s} if wait_s else {}), patience=wait_s).body

    def find(self, path: str) -> Json | None:
        """None: there is no such thing."""
        try:
            return self.get(path)
        except Stopped as stopped:
            if stopped.code is Exit.NOT_FOUND:
                return None
            raise

    def send(self, method: str, path: str, body: Json | None = None, **conditions: str) -> Answer:
        """`conditions` are headers, `if_match` for `If-Match`."""
        headers = {name.replace("_", "-"): value for name, value in conditions.items()}
        return self._call(method, path, json=body, headers=headers)

    def _call(self, method: str, path: str, patience: float = 0, **content: Any) -> Answer:
        try:
            response = self._http.request(method, path, timeout=PATIENCE_S + patience, **content)
        except httpx.ConnectError as error:
            raise Stopped(Exit.UNAVAILABLE, f"nothing answers at {self._http.base_url}: {error}") from None
        except httpx.TransportError as error:
            again = "" if method == READS else "; it may have been done all the same, and the command may be repeated"
            raise Stopped(Exit.UNAVAILABLE, f"no answer ({type(error).__name__}){again}") from None
        return self._answer(response)

    def _answer(self, response: httpx.Response) -> Answer:
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and isinstance(body, dict):
            return Answer(response.status_code, body)
        if response.is_error and isinstance(body, dict) and "type" in body:
            raise refusal(response.status_code, body)
        code = Exit.UNAVAILABLE if response.status_code in _AWAY else Exit.FAILED
        what = f"no rollout, or one of another version ({response.status_code})"
        raise Stopped(code, f"what answers at {self._http.base_url} is {what}")


# A proxy in between says it in its own words.
_AWAY: Final = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


def seen(revision: int) -> str:
    """For `If-Match`: only if this still stands."""
    return f'"{revision}"'
