"""Accounts in PostgreSQL."""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.tables import accounts, recovery_codes, totp_factors
from services.auth.domain.account import Account, AccountStatus, username_key
from shared.postgres import outages

_TOTP = sa.exists().where(totp_factors.c.account_id == accounts.c.id, totp_factors.c.state == "confirmed")
_RECOVERY = sa.exists().where(recovery_codes.c.account_id == accounts.c.id, recovery_codes.c.used_at.is_(None))

_ACCOUNT = sa.select(
    accounts.c.id,
    accounts.c.email,
    accounts.c.region,
    accounts.c.locale,
    accounts.c.password_hash,
    accounts.c.sso,
    accounts.c.own_mfa,
    accounts.c.status,
    _TOTP.label("totp"),
    _RECOVERY.label("recovery_codes"),
    accounts.c.registered_at,
    accounts.c.epoch,
)
# One row for every name, of the same types, so that a name that nobody has costs what any other does: without this, a
# few hundred wrong passwords told which names exist (tests/integration/auth/test_unknown_user.py).
_NOBODY: Final = UUID(int=0)
_IF_NOBODY: Final = {
    "id": f"'{_NOBODY}'::uuid",
    "email": "''",
    "region": "''",
    "locale": "''",
    "sso": "false",
    "own_mfa": "false",
    "epoch": "0",
    "status": f"'{AccountStatus.ACTIVE}'",
}
_asked = sa.select(sa.cast(sa.bindparam("key"), sa.Text).label("key")).subquery("asked")
_FIND = sa.select(
    *(
        sa.func.coalesce(column, sa.literal_column(_IF_NOBODY[name])).label(name) if name in _IF_NOBODY else column
        for name, column in _ACCOUNT.selected_columns.items()
    )
).select_from(_asked.outerjoin(accounts, accounts.c.username_key == _asked.c.key))
_FIND_BY_ID = _ACCOUNT.where(accounts.c.id == sa.bindparam("id"))

IS_OPEN: Final = sa.and_(accounts.c.status == AccountStatus.ACTIVE, sa.not_(accounts.c.sso))
_EPOCH = sa.select(accounts.c.epoch).where(accounts.c.id == sa.bindparam("id"), IS_OPEN)

_REPLACE_HASH = (
    sa.update(accounts)
    .values(password_hash=sa.bindparam("new_hash"))
    .where(accounts.c.id == sa.bindparam("account_id"), accounts.c.password_hash == sa.bindparam("old_hash"))
    .returning(accounts.c.id)
)


class PostgresAccounts:
    """`engine` commits by itself (`autocommit`): every verb here is one statement, and one round trip."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, key: str) -> Account | None:
        found = await self._one(_FIND, {"key": key})
        return None if found is None or found.id == _NOBODY else found

    async def find_by_id(self, account_id: UUID) -> Account | None:
        return await self._one(_FIND_BY_ID, {"id": account_id})

    async def epoch_of(self, account_id: UUID) -> int | None:
        with outages():
            async with self._engine.connect() as connection:
                epoch: int | None = await connection.scalar(_EPOCH, {"id": account_id})
                return epoch

    async def add(self, account: Account, username: str) -> bool:
        """Whether it is new; an account with the same username is left as it is."""
        values = account_row(account, username)
        statement = insert(accounts).values(values).on_conflict_do_nothing(index_elements=["username_key"])
        with outages():
            async with self._engine.connect() as connection:
                added: UUID | None = await connection.scalar(statement.returning(accounts.c.id))
        return added is not None

    async def replace_hash(self, account_id: UUID, old_hash: str, new_hash: str) -> bool:
        """Compare and set: False when another hash stands there by now."""
        values = {"account_id": account_id, "old_hash": old_hash, "new_hash": new_hash}
        with outages():
            async with self._engine.connect() as connection:
                return await connection.scalar(_REPLACE_HASH, values) is not None

    async def _one(self, statement: "sa.Select[Any]", values: dict[str, Any]) -> Account | None:
        with outages():
            async with self._engine.connect() as connection:
                return _account((await connection.execute(statement, values)).one_or_none())


async def locked_account(connection: AsyncConnection, account_id: UUID) -> Account | None:
    """The account, which nobody else changes until the caller's transaction ends; rows that refer to it may come."""
    statement = _FIND_BY_ID.with_for_update(of=accounts, key_share=True)
    return _account((await connection.execute(statement, {"id": account_id})).one_or_none())


def _account(row: "sa.Row[Any] | None") -> Account | None:
    return None if row is None else Account(**{**row._mapping, "status": AccountStatus(row.status)})


def account_row(account: Account, username: str) -> dict[str, Any]:
    """A row of `accounts`."""
    return {
        "id": account.id,
        "username": username,
        "username_key": username_key(username),
        "email": account.email,
        "region": account.region,
        "locale": account.locale,
        "password_hash": account.password_hash,
        "sso": account.sso,
        "own_mfa": account.own_mfa,
        "status": account.status.value,
        "registered_at": account.registered_at,
    }
