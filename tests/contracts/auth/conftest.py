"""A migrated database of the module's own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import services.auth
from shared.postgres import migrate, postgres_engine

MIGRATIONS = Path(services.auth.__file__).parent / "migrations"


@pytest.fixture(scope="module")
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    made = postgres_engine(postgres_url, autocommit=True)
    yield made
    await made.dispose()
