"""A service in this process, behind the server that production uses, on a port of its own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import uvicorn
from fastapi import FastAPI

from shared.http_service import KEEP_ALIVE_S
from tests.wait_until import wait_until


class _Server(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Base URL of `app` while it runs, its lifespan included."""
    # With the protocol named, asyncio turns Nagle's algorithm off; else each answer waits 40 ms for an ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http="httptools",
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,  # else the server may close a connection as its client sends on it
        timeout_graceful_shutdown=2,
        lifespan="on",
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await wait_until(lambda: server.started or serving.done())
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        app.state.health.stopping.set()  # as shared/http_service.py does
        server.should_exit = True
        await serving
        listening.close()


async def ready(session: aiohttp.ClientSession, url: str, query: str = "") -> bool:
    async with session.get(f"{url}/readyz{query}") as response:
        return response.status == 200
