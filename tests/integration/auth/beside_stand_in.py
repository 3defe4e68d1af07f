"""Auth beside a stand-in for the OTP service: challenges that it signed, and nobody mailed a code for."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from services.auth.adapters.signed_tokens import SignedTokens
from services.auth.app import build
from shared.kafka import EventBus
from tests.integration.auth.conftest import ISSUER, SIGNING, Auth, auth_settings
from tests.integration.auth.otp_stand_in import OtpStandIn
from tests.integration.auth.signed_in import new_person
from tests.integration.otp.settings import otp_settings
from tests.integration.shared.served import ready, served
from tests.unit.auth.samples import challenge
from tests.wait_until import wait_until


@dataclass
class BesideStandIn:
    auth: Auth
    otp: OtpStandIn
    serving: AsyncExitStack

    async def challenge(self, **changes: Any) -> dict[str, Any]:
        """Of a person of its own, who may be another by `account` changes."""
        account_id, now = uuid4(), datetime.now(UTC).replace(microsecond=0)
        await new_person(self.auth, id=account_id, **changes.pop("account", {}))
        values = {"account_id": account_id, "issued_at": now, "expires_at": now + timedelta(minutes=10)}
        made = challenge(**(values | changes))
        tokens = SignedTokens(SIGNING, ISSUER, timedelta(minutes=15), timedelta(minutes=5), lambda: datetime.now(UTC))
        return {"challenge_id": str(made.id), "challenge_token": tokens.sign_challenge(made)}

    async def resend(self, made: dict[str, Any]) -> tuple[int, Any, Any]:
        url = f"{self.auth.url}/v1/challenges/{made['challenge_id']}/resend"
        async with self.auth.session.post(url, json={"challenge_token": made["challenge_token"]}) as response:
            return response.status, await response.json(content_type=None), response.headers

    @asynccontextmanager
    async def events(self, made: dict[str, Any]) -> AsyncIterator[aiohttp.ClientResponse]:
        url = f"{self.auth.url}/v1/challenges/{made['challenge_id']}/events"
        headers = {"Authorization": f"Challenge {made['challenge_token']}"}
        async with self.auth.session.get(url, headers=headers) as response:
            yield response


async def next_event(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Its fields, `data` read as JSON; a comment is the field without a name; nothing: the stream has ended."""
    fields: dict[str, Any] = {}
    while line := (await response.content.readline()).decode().rstrip("\n"):
        name, _, value = line.partition(":")
        fields[name] = json.loads(value) if name == "data" else value.strip()
    return fields


@asynccontextmanager
async def beside_stand_in(kafka: str, database: str, snapshot: Path, **more: Any) -> AsyncIterator[BesideStandIn]:
    """`serving` ends auth before the test is over."""
    otp = OtpStandIn()
    async with otp.served() as otp_url, aiohttp.ClientSession() as session, AsyncExitStack() as serving:
        url = await serving.enter_async_context(
            served(build(auth_settings(kafka, database, otp_url, snapshot, **more)))
        )
        await wait_until(lambda: ready(session, url), 20)
        bus = EventBus("unused", otp_settings(kafka, "redis://127.0.0.1:1/0"))
        yield BesideStandIn(Auth(url, session, bus, database, otp_url), otp, serving)
