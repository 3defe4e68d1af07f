"""Accounts in PostgreSQL."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.tables import accounts
from services.auth.domain.account import Account, AccountStatus, username_key
from shared.postgres import outages

_FIND = sa.select(
    accounts.c.id,
    accounts.c.email,
    accounts.c.region,
    accounts.c.locale,
    accounts.c.password_hash,
    accounts.c.sso,
    accounts.c.own_mfa,
    accounts.c.status,
).where(accounts.c.username_key == sa.bindparam("key"))

_MAY_SIGN_IN = sa.select(sa.and_(accounts.c.status == AccountStatus.ACTIVE, sa.not_(accounts.c.sso))).where(
    accounts.c.id == sa.bindparam("id")
)


class PostgresAccounts:
    """`engine` commits by itself (`autocommit`): every verb here is one statement, and one round trip."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, key: str) -> Account | None:
        with outages():
            async with self._engine.connect() as connection:
                row = (await connection.execute(_FIND, {"key": key})).one_or_none()
        if row is None:
            return None
        return Account(**{**row._mapping, "status": AccountStatus(row.status)})

    async def may_sign_in(self, account_id: UUID) -> bool:
        with outages():
            async with self._engine.connect() as connection:
                return bool(await connection.scalar(_MAY_SIGN_IN, {"id": account_id}))

    async def add(self, account: Account, username: str) -> bool:
        """Whether it is new; an account with the same username is left as it is."""
        values: dict[str, Any] = {
            "id": account.id,
            "username": username,
            "username_key": username_key(username),
            "email": account.email,
            "region": account.region,
            "locale": account.locale,
            "password_hash": account.password_hash,
            "sso": account.sso,
            "own_mfa": account.own_mfa,
            "status": account.status,
        }
        statement = insert(accounts).values(values).on_conflict_do_nothing(index_elements=["username_key"])
        with outages():
            async with self._engine.connect() as connection:
                added: UUID | None = await connection.scalar(statement.returning(accounts.c.id))
        return added is not None
