"""Several instances of the OTP service beside each other, and a reader of what they issue."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
from fastapi import FastAPI

from services.otp.app import build
from services.otp.settings import OtpSettings
from shared.events import LoginChallenged, PasscodeIssued
from shared.kafka import EventBus
from shared.sealing import Unsealer
from tests.integration.otp.test_otp_service import AS_AUTH, CLIENT, NOTIFIER, ready
from tests.integration.shared.served import served
from tests.wait_until import wait_until

LIFE = timedelta(minutes=10)
NO_KAFKA = "127.0.0.1:1"


@dataclass
class Instances:
    """`urls` are theirs. The first one takes events from Kafka; the others do if the broker can share a topic out."""

    session: aiohttp.ClientSession
    urls: list[str]
    bus: EventBus
    unsealer: Callable[[], Unsealer]
    _issued: dict[Any, asyncio.Future[PasscodeIssued]] = field(default_factory=dict)

    async def keep(self, event: PasscodeIssued) -> None:
        future = self._issued.get(event.challenge_id)
        if future is not None and not future.done():
            future.set_result(event)

    async def challenged(self) -> tuple[LoginChallenged, str]:
        """A challenge of an account of its own, and its code."""
        event = LoginChallenged(
            challenge_id=uuid4(), account_id=uuid4(), address="seal-1.AAAA", locale="de", region="emea",
            policy_version=1, purpose="login", product="editor", client_hash=CLIENT,
            expires_at=datetime.now(UTC) + LIFE,
        )  # fmt: skip
        self._issued[event.challenge_id] = asyncio.get_running_loop().create_future()
        await self.bus.publisher.publish(event)
        async with asyncio.timeout(20):
            issued = await self._issued[event.challenge_id]
        return event, self.unsealer().unseal(issued.code, f"code:{issued.challenge_id}")

    async def verify(self, event: LoginChallenged, code: str, at: int) -> tuple[int, Any]:
        """By the instance of that number."""
        url = f"{self.urls[at]}/internal/v1/accounts/{event.account_id}/challenges/{event.challenge_id}/verify"
        body = {"code": code, "client_hash": CLIENT}
        async with self.session.post(url, json=body, headers=AS_AUTH) as response:
            return response.status, await response.json(content_type=None)


@asynccontextmanager
async def running(
    settings: list[OtpSettings],
    unsealer: Callable[[], Unsealer] = lambda: Unsealer(NOTIFIER),
    start: Callable[[OtpSettings], FastAPI] = build,
) -> AsyncIterator[Instances]:
    """One instance for each of the settings; the first has a Kafka."""
    bus = EventBus(f"reader-{uuid4()}", settings[0])
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(served(start(each))) for each in settings]
        instances = Instances(session, urls, bus, unsealer)
        bus.consume(PasscodeIssued, instances.keep)
        bus.start()
        stack.push_async_callback(bus.stop)
        await wait_until(bus.healthy, 20)

        async def all_ready() -> bool:
            queries = ("?exclude=kafka" if each.kafka == NO_KAFKA else "" for each in settings)
            return all([await ready(session, url, query) for url, query in zip(urls, queries, strict=True)])

        await wait_until(all_ready, 30)
        yield instances


def other_than(code: str) -> str:
    """As long, and wrong."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
