"""A stop waits for answers that are under way, and not for those that have no end of their own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from deploy.local.ports import free_port
from shared.health import Health
from shared.http_service import _Server, http_service
from tests.wait_until import wait_until


async def test_an_endless_answer_hears_of_the_stop_before_it_is_waited_for() -> None:
    health, port = Health({}), free_port()

    @asynccontextmanager
    async def nothing(_: FastAPI) -> AsyncIterator[None]:
        yield

    async def endless() -> AsyncIterator[bytes]:
        yield b"begun"
        await health.stopping.wait()
        yield b", ended"

    app = http_service("test", health, nothing)
    app.add_api_route("/endless", lambda: StreamingResponse(endless()), response_model=None)
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=60)
    server = _Server(config, health)
    serving = asyncio.create_task(server._serve())  # what serve() does, without the signals: those are pytest's
    await wait_until(lambda: server.started)
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/endless") as response:
        assert await response.content.readany() == b"begun"
        server.handle_exit(signal.SIGTERM, None)
        assert health.draining
        async with asyncio.timeout(5):
            assert await response.content.read() == b", ended"
            await serving
