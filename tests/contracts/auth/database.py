"""A migrated database of auth, and accounts in it."""

from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

import services.auth
from services.auth.adapters.postgres_accounts import PostgresAccounts
from tests.unit.auth.samples import account

MIGRATIONS = Path(services.auth.__file__).parent / "migrations"


async def new_account(engine: AsyncEngine, **changes: object) -> UUID:
    """The id of an account that nothing else refers to."""
    account_id = uuid4()
    await PostgresAccounts(engine).add(account(id=account_id, **changes), f"kim-{account_id}")
    return account_id
