"""A FastAPI application as every service here is one, and the server that runs it."""

import asyncio
import gc
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from types import FrameType
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.health import Health, health_routes
from shared.openapi import complete
from shared.problem import TOO_LARGE, install_problem_handlers
from shared.settings import ServiceSettings

MAX_BODY_BYTES: Final = 65_536
DISCARD_BYTES: Final = 4 * 1_048_576
DISCARD_S: Final = 2.0
DRAIN_S: Final = 8
_MOST_DIGITS: Final = 18
KEEP_ALIVE_S: Final = 75  # longer than our own clients keep a connection, so that they close first

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class _BodyTooLarge(Exception):
    pass


class BodyLimit:
    """Answers 413 before a body is read into memory, whether or not its length was announced.

    `streamed`: beginnings of paths whose routes take a body piece by piece, however long it is. `larger`: paths whose
    bodies may have more bytes than others.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int = MAX_BODY_BYTES,
        streamed: tuple[str, ...] = (),
        larger: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._limit = limit
        self._streamed = streamed
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._streamed):
            await self._app(scope, receive, send)
            return
        limit = self._larger.get(scope["path"], self._limit)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and (len(announced) > _MOST_DIGITS or int(announced) > limit):
            await _refuse(limit, scope, receive, send)
            return
        seen, answering = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _BodyTooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answering
            if answering or seen <= limit:
                answering = True
                await send(message)

        with suppress(_BodyTooLarge):
            await self._app(scope, counted, watched)
        if seen > limit and not answering:  # FastAPI makes a 400 of whatever a body raises: not sent
            await _refuse(limit, scope, receive, send)


async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_S):
            await _discard(receive)
    answer = TOO_LARGE(limit_bytes=limit)
    answer.headers["Connection"] = "close"  # what is left of the body is not read
    await answer(scope, receive, send)


async def _discard(receive: Receive) -> None:
    """Closing a connection with unread bytes resets it, and the client loses the answer with it."""
    left = DISCARD_BYTES
    while left > 0:
        message = await receive()
        if not message.get("more_body"):
            return
        left -= len(message.get("body", b""))


class _Service(FastAPI):
    """Describes what every route here has in common, so that no route need repeat it."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


def http_service(
    title: str,
    health: Health,
    lifespan: Lifespan,
    streamed: tuple[str, ...] = (),
    larger: Mapping[str, int] | None = None,
) -> FastAPI:
    """`streamed` and `larger` as `BodyLimit` has them."""
    app = _Service(title=title, lifespan=lifespan, redoc_url=None, redirect_slashes=False)
    app.state.health = health
    install_problem_handlers(app)
    app.include_router(health_routes(health))
    app.add_middleware(BodyLimit, streamed=streamed, larger=larger)
    return app


class _Server(uvicorn.Server):
    """Turns readiness off the moment a stop is asked for, before connections are drained."""

    def __init__(self, config: uvicorn.Config, health: Health) -> None:
        super().__init__(config)
        self._health = health

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._health.draining = True
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._health.stopping.set()  # here, not there: a signal comes in between any two steps of the loop
        await super().shutdown(sockets)


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Run until SIGTERM: not ready → drain HTTP → the application's lifespan closes the rest."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )
    server = _Server(config, app.state.health)
    # What stands now lives as long as the process: the collector need not look at it again, nor run every 700
    # allocations. It was a quarter of auth's CPU under load (tests/bench).
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve())
    if not server.started:
        raise SystemExit(3)
