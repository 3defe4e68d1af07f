"""A migrated database of auth, and accounts in it."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

import services.auth
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.tables import audit
from tests.unit.auth.samples import account

MIGRATIONS = Path(services.auth.__file__).parent / "migrations"


async def new_account(engine: AsyncEngine, **changes: object) -> UUID:
    """The id of an account that nothing else refers to."""
    account_id = uuid4()
    await PostgresAccounts(engine).add(account(id=account_id, **changes), f"kim-{account_id}")
    return account_id


async def rows(engine: AsyncEngine, query: sa.Executable) -> list[Any]:
    async with engine.connect() as connection:
        return list(await connection.execute(query))


async def audited(engine: AsyncEngine, account_id: UUID) -> list[tuple[str, str, dict[str, Any]]]:
    """Of one account, oldest first: who, what, detail."""
    query = sa.select(audit.c.actor, audit.c.action, audit.c.detail).where(audit.c.account_id == account_id)
    return [tuple(row) for row in await rows(engine, query.order_by(audit.c.id))]
