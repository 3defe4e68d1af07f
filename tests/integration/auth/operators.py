"""The operators' interface alone, on a real PostgreSQL, and operators who call it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.password_hashes import PasswordHashes
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_admin import PostgresAdmin
from services.auth.adapters.tables import devices, sessions
from services.auth.admin import admin_routes
from services.auth.api.admin_imports import STREAMED
from services.auth.settings import PasswordSettings
from services.auth.use_cases.administer_account import AdministerAccount
from shared.credentials import CredentialBook
from shared.events import NoticeKind
from shared.health import Health
from shared.http_service import http_service
from shared.postgres import postgres_engine
from tests.fakes import NOW, FakeOtpService
from tests.integration.auth.conftest import OPERATORS
from tests.integration.shared.served import served
from tests.unit.auth.samples import account


@dataclass
class Operators:
    """`announced` are the sessions whose end was announced. An operator's role is their name and their secret."""

    url: str
    http: aiohttp.ClientSession
    engine: AsyncEngine
    otp: FakeOtpService
    announced: list[UUID] = field(default_factory=list)
    told: list[tuple[NoticeKind, UUID]] = field(default_factory=list)

    async def call(
        self, method: str, path: str, role: str | None = "admin", data: Any = None, **body: Any
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {role}"} if role else {}
        content = {"json": body} if body else {"data": BytesIO(data) if isinstance(data, bytes) else data}
        async with self.http.request(method, f"{self.url}/v1/admin{path}", headers=headers, **content) as response:
            return response.status, await response.json(content_type=None)

    async def rows(self, statement: "sa.Select[Any]") -> list[Any]:
        async with self.engine.connect() as connection:
            return list(await connection.execute(statement))

    async def insert(self, table: sa.Table, *rows: dict[str, Any]) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(table.insert(), list(rows))

    async def person(self, username: str, **changes: Any) -> UUID:
        new = account(**{"id": uuid4(), **changes})
        assert await PostgresAccounts(self.engine).add(new, username)
        return new.id

    async def signed_in(self, account_id: UUID, **changes: Any) -> UUID:
        """A session of theirs."""
        session_id = uuid4()
        row = {"product": "editor", "client": "", "amr": ["pwd"], "acr": "acr", "scope": [], "auth_time": NOW}
        await self.insert(sessions, _family(session_id, account_id) | row | changes)
        return session_id

    async def trusted(self, account_id: UUID, **changes: Any) -> None:
        """A device of theirs."""
        await self.insert(devices, _family(uuid4(), account_id) | {"name": "laptop"} | changes)


def _family(family_id: UUID, account_id: UUID) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": family_id,
        "account_id": account_id,
        "finder_hash": uuid4().bytes,
        "secret_hash": uuid4().bytes,
        "created_at": now,
        "last_used_at": now,
        "expires_at": now + timedelta(days=1),
        "revoked_at": None,
        "revoked_reason": None,
    }


@asynccontextmanager
async def operators_of(database_url: str) -> AsyncIterator[Operators]:
    engine = postgres_engine(database_url, autocommit=True)
    passwords = PasswordHashes(PasswordSettings(argon2_memory_kib=64, argon2_time_cost=1))
    otp = FakeOtpService()
    announced: list[UUID] = []
    told: list[tuple[NoticeKind, UUID]] = []

    async def announce(session_ids: Sequence[UUID], _: datetime) -> None:
        announced.extend(session_ids)

    async def tell(kind: NoticeKind, account_id: UUID, _: datetime) -> None:
        told.append((kind, account_id))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        passwords.close()
        await engine.dispose()

    now = partial(datetime.now, UTC)
    administer = AdministerAccount(PostgresAdmin(engine), otp, announce, tell, now)
    app = http_service("operators", Health({}), lifespan, streamed=(STREAMED,))
    book = CredentialBook.parse(OPERATORS)
    app.include_router(admin_routes(engine, passwords, book, administer, now))
    async with aiohttp.ClientSession() as http, served(app) as url:
        yield Operators(url, http, engine, otp, announced, told)
