"""A migrated PostgreSQL of the module's own, and people in it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

import services.auth
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.tables import audit
from shared.postgres import migrate, postgres_engine
from tests.unit.auth.samples import account

MIGRATIONS = Path(services.auth.__file__).parent / "migrations"


@pytest.fixture(scope="module")
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    made = postgres_engine(postgres_url, autocommit=True)
    yield made
    await made.dispose()


@pytest.fixture
async def account_id(engine: AsyncEngine) -> UUID:
    """Of a new account."""
    return await new_account(engine)


async def new_account(engine: AsyncEngine) -> UUID:
    added = account(id=uuid4())
    await PostgresAccounts(engine).add(added, f"kim-{added.id}@customer.example")
    return added.id


async def rows(engine: AsyncEngine, query: sa.Executable) -> list[Any]:
    async with engine.connect() as connection:
        return list(await connection.execute(query))


async def audited(engine: AsyncEngine, account_id: UUID) -> list[tuple[str, str, dict[str, Any]]]:
    """Of one account, oldest first: who, what, detail."""
    query = sa.select(audit.c.actor, audit.c.action, audit.c.detail)
    return [
        tuple(row) for row in await rows(engine, query.where(audit.c.account_id == account_id).order_by(audit.c.id))
    ]
