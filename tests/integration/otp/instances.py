"""Instances of the OTP service beside each other: what Kafka tells them and they tell Kafka, and auth's calls."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import aiohttp
from fastapi import FastAPI

from services.otp.app import build
from services.otp.settings import OtpSettings
from shared.events import Event, LoginChallenged, PasscodeIssued
from shared.kafka import EventBus
from shared.sealing import Unsealer
from tests.integration.otp.settings import AS_AUTH, CLIENT, LIFE, NO_KAFKA, NOTIFIER
from tests.integration.shared.served import ready, served
from tests.unit.shared.samples import login_challenged
from tests.wait_until import wait_until


@dataclass
class Instances:
    """`urls` are theirs. A call goes to the next one, unless it says `at` which. `issued` is what a
    reader of Kafka has seen, by challenge; `unsealer` opens codes as the notifier does."""

    session: aiohttp.ClientSession
    urls: Sequence[str]
    bus: EventBus
    unsealer: Callable[[], Unsealer] = lambda: Unsealer(NOTIFIER)
    issued: dict[UUID, list[PasscodeIssued]] = field(default_factory=partial(defaultdict, list))
    _turns: "count[int]" = field(default_factory=count)

    async def publish(self, event: Event) -> None:
        await self.bus.publisher.publish(event)

    async def challenged(self, life: timedelta = LIFE, **changes: Any) -> LoginChallenged:
        event = new_challenge(life, **changes)
        await self.publish(event)
        return event

    async def with_code(self, life: timedelta = LIFE, **changes: Any) -> tuple[LoginChallenged, str]:
        """A challenge, and what its owner reads in the mail."""
        event = await self.challenged(life, **changes)
        return event, await self.code_of(event)

    async def code_of(self, event: LoginChallenged) -> str:
        await wait_until(lambda: bool(self.issued_for(event)), 20)
        return self.code_in(self.issued_for(event)[0])

    def code_in(self, issued: PasscodeIssued) -> str:
        return self.unsealer().unseal(issued.code, f"code:{issued.challenge_id}")

    def issued_for(self, event: LoginChallenged) -> list[PasscodeIssued]:
        return self.issued[event.challenge_id]

    async def verify(self, event: LoginChallenged, code: str, at: int | None = None) -> tuple[int, Any]:
        body = {"code": code, "client_hash": event.client_hash}
        return await self.call("POST", f"{self.url_of(event, at)}/verify", body)

    async def resend(self, event: LoginChallenged, at: int | None = None) -> tuple[int, Any]:
        recipient = event.model_dump(include={"client_hash", "address", "locale", "region", "purpose"})
        return await self.call("POST", f"{self.url_of(event, at)}/resend", recipient)

    async def status(self, event: LoginChallenged, at: int | None = None) -> tuple[int, Any]:
        return await self.call("GET", self.url_of(event, at))

    async def follow(self, event: LoginChallenged, heard: list[Any], at: int | None = None) -> None:
        """What an open stream says, until it ends."""
        async with self.session.get(f"{self.url_of(event, at)}/events", headers=AS_AUTH) as response:
            assert response.status == 200
            async for line in response.content:
                heard += [json.loads(line)] if line.strip() else []

    async def call(self, method: str, url: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.request(method, url, json=body, headers=AS_AUTH) as response:
            return response.status, await response.json(content_type=None)

    def url_of(self, event: LoginChallenged, at: int | None = None) -> str:
        url = self.urls[(next(self._turns) if at is None else at) % len(self.urls)]
        return f"{url}/internal/v1/accounts/{event.account_id}/challenges/{event.challenge_id}"

    async def keep_code(self, event: PasscodeIssued) -> None:
        self.issued[event.challenge_id].append(event)


@asynccontextmanager
async def running(
    *settings: OtpSettings,
    unsealer: Callable[[], Unsealer] = lambda: Unsealer(NOTIFIER),
    start: Callable[[OtpSettings], FastAPI] = build,
) -> AsyncIterator[Instances]:
    """One instance for each of the settings; the first of them has a Kafka."""
    bus = EventBus(f"reader-{uuid4()}", settings[0])
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        urls = [await stack.enter_async_context(served(start(each))) for each in settings]
        instances = Instances(session, urls, bus, unsealer)
        bus.consume(PasscodeIssued, instances.keep_code)
        bus.start()
        stack.push_async_callback(bus.stop)
        await wait_until(bus.healthy, 20)
        for url, told in zip(urls, settings, strict=True):
            query = "?exclude=kafka" if told.kafka == NO_KAFKA else ""
            await wait_until(lambda url=url, query=query: ready(session, url, query), 30)  # type: ignore[misc]
        yield instances


def new_challenge(life: timedelta = LIFE, **changes: Any) -> LoginChallenged:
    """Of an account of its own, and not published yet."""
    expires_at = datetime.now(UTC) + life
    own = {"challenge_id": uuid4(), "account_id": uuid4(), "client_hash": CLIENT, "expires_at": expires_at}
    return login_challenged(**(own | changes))


def wrong_for(code: str) -> str:
    """As long, and wrong."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
