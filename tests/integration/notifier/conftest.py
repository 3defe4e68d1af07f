"""A mailbox that speaks SendGrid's API, and providers that misbehave below HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from deploy.local.sendgrid_double.app import build_app
from services.notifier.adapters.sendgrid import SendGrid
from services.notifier.adapters.sendgrid_payload import SendGridPayload
from tests.fresh_kafka import fresh_kafka

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serves = Callable[[Peer], AbstractAsyncContextManager[str]]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def mailbox() -> AsyncIterator[str]:
    """Base URL of a SendGrid double of this test's own."""
    runner = web.AppRunner(build_app(now), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[str]:
    """Base URL of a TCP server that does with each connection what `peer` does."""
    running: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await peer(reader, writer)
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    server.close()


@pytest.fixture(scope="package")
async def kafka_of_ours(kafka_kind: str, groups_of_several: None, server_directory: Path) -> AsyncIterator[str]:
    """A Kafka with nothing on it yet, and as many partitions as in production."""
    async with fresh_kafka(kafka_kind, server_directory / "kafka-of-notifier", partitions=12) as bootstrap:
        yield bootstrap


def sendgrid(url: str) -> SendGrid:
    """Not entered yet."""
    payload = SendGridPayload("no-reply@gatepost.example", "Gatepost")
    return SendGrid(url, SecretStr("SG.secret-key"), payload, 64, now)
