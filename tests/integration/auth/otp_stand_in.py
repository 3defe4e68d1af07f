"""A service that speaks the internal HTTP of the OTP service, and says what a test tells it to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer

OPEN: Final[dict[str, Any]] = {
    "state": "open",
    "attempts_remaining": 5,
    "expires_at": "2026-11-24T09:10:00Z",
    "delivery": {"state": "sent", "at": "2026-11-24T09:00:02Z"},
    "resend_available_at": "2026-11-24T09:00:30Z",
    "retry_at": None,
}
CHALLENGE: Final = "/internal/v1/accounts/{account_id}/challenges/{challenge_id}"


def in_a_while(seconds: float = 30) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@dataclass
class OtpStandIn:
    """`judgement`, `resending` and `status` are what it answers, None: 404. `asked` are the last parts of paths, and
    bodies. A stream gets `lines` when it opens, and then what is told; `streams` are the open ones."""

    judgement: dict[str, Any] = field(default_factory=dict)
    resending: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] | None = None
    lines: list[Any] = field(default_factory=lambda: [OPEN])
    down: bool = False
    asked: list[tuple[str, Any]] = field(default_factory=list)
    streams: set["asyncio.Queue[bytes | None]"] = field(default_factory=set)

    def tell(self, line: Any) -> None:
        """To all that listen: one line of JSON."""
        self._put(json.dumps(line).encode() + b"\n")

    def keep_alive(self) -> None:
        self._put(b"\n")

    def end_streams(self) -> None:
        self._put(None)

    def _put(self, line: bytes | None) -> None:
        for queue in self.streams:
            queue.put_nowait(line)

    async def _ready(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def _verify(self, request: web.Request) -> web.Response:
        return await self._answer(request, self.judgement)

    async def _resend(self, request: web.Request) -> web.Response:
        return await self._answer(request, self.resending)

    async def _status(self, request: web.Request) -> web.Response:
        return await self._answer(request, self.status)

    async def _unlock(self, request: web.Request) -> web.Response:
        self.asked.append(("unlock", request.match_info["account_id"]))
        return web.Response(status=503 if self.down else 204)

    async def _answer(self, request: web.Request, answer: Any) -> web.Response:
        self.asked.append((request.path.rpartition("/")[2], await request.json() if request.can_read_body else None))
        if self.down:
            return web.json_response({}, status=503)
        return web.json_response(answer, status=404 if answer is None else 200)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return web.json_response({}, status=503)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        for line in self.lines:
            queue.put_nowait(json.dumps(line).encode() + b"\n")
        self.streams.add(queue)
        try:
            while (told := await queue.get()) is not None:
                await response.write(told)
        finally:
            self.streams.discard(queue)
        return response

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Its URL, for as long as it runs. A caller that hangs up ends its stream."""
        app = web.Application()
        app.router.add_get("/readyz", self._ready)
        app.router.add_post(f"{CHALLENGE}/verify", self._verify)
        app.router.add_post(f"{CHALLENGE}/resend", self._resend)
        app.router.add_get(CHALLENGE, self._status)
        app.router.add_get(f"{CHALLENGE}/events", self._events)
        app.router.add_post("/internal/v1/accounts/{account_id}/unlock", self._unlock)
        async with TestServer(app) as server:
            yield str(server.make_url(""))
