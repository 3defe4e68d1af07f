"""Accounts in PostgreSQL."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.tables import accounts, recovery_codes, totp_factors
from services.auth.domain.account import Account, AccountStatus, username_key
from shared.postgres import outages

_COLUMNS = (
    accounts.c.id,
    accounts.c.email,
    accounts.c.region,
    accounts.c.locale,
    accounts.c.password_hash,
    accounts.c.sso,
    accounts.c.own_mfa,
    accounts.c.status,
    accounts.c.registered_at,
    sa.exists().where(totp_factors.c.account_id == accounts.c.id, totp_factors.c.state == "confirmed").label("totp"),
    sa.exists()
    .where(recovery_codes.c.account_id == accounts.c.id, recovery_codes.c.used_at.is_(None))
    .label("recovery_codes"),
)
_FIND = sa.select(*_COLUMNS).where(accounts.c.username_key == sa.bindparam("key"))
_FIND_BY_ID = sa.select(*_COLUMNS).where(accounts.c.id == sa.bindparam("id"))

_MAY_SIGN_IN = sa.select(sa.and_(accounts.c.status == AccountStatus.ACTIVE, sa.not_(accounts.c.sso))).where(
    accounts.c.id == sa.bindparam("id")
)


class PostgresAccounts:
    """`engine` commits by itself (`autocommit`): every verb here is one statement, and one round trip."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, key: str) -> Account | None:
        return await self._one(_FIND, key=key)

    async def find_by_id(self, account_id: UUID) -> Account | None:
        return await self._one(_FIND_BY_ID, id=account_id)

    @staticmethod
    async def locked(connection: AsyncConnection, account_id: UUID) -> Account | None:
        """The account, which nobody else changes until the caller's transaction ends."""
        row = (await connection.execute(_FIND_BY_ID.with_for_update(of=accounts), {"id": account_id})).one_or_none()
        return _account(row)

    async def _one(self, statement: "sa.Select[Any]", **values: Any) -> Account | None:
        with outages():
            async with self._engine.connect() as connection:
                return _account((await connection.execute(statement, values)).one_or_none())

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
            "registered_at": account.registered_at,
        }
        statement = insert(accounts).values(values).on_conflict_do_nothing(index_elements=["username_key"])
        with outages():
            async with self._engine.connect() as connection:
                added: UUID | None = await connection.scalar(statement.returning(accounts.c.id))
        return added is not None


def _account(row: "sa.Row[Any] | None") -> Account | None:
    return None if row is None else Account(**{**row._mapping, "status": AccountStatus(row.status)})
