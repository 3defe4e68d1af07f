"""PostgreSQL with auth's schema."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.postgres import migrate, postgres_engine
from tests.contracts.auth.database import MIGRATIONS, new_account


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
