"""Sessions and trusted devices of an account that end now, in the caller's transaction."""

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import devices, sessions

SURPLUS: Final = "surplus"


def end_surplus(
    table: sa.Table, account_id: UUID, now: datetime, most: int, *conditions: "sa.ColumnElement[bool]"
) -> "sa.Update":
    """Of the account's living ones that meet the conditions all but the `most` that were used last."""
    living = (table.c.account_id == account_id, table.c.revoked_at.is_(None), table.c.expires_at > now, *conditions)
    surplus = sa.select(table.c.id).where(*living).order_by(table.c.last_used_at.desc()).offset(most)
    return table.update().where(table.c.id.in_(surplus)).values(revoked_at=now, revoked_reason=SURPLUS)


async def end_sessions(
    connection: AsyncConnection, account_id: UUID, reason: str, now: datetime, *conditions: "sa.ColumnElement[bool]"
) -> tuple[UUID, ...]:
    """The ids of those that ended; whoever calls announces them once the transaction is done."""
    return await _end(connection, sessions, account_id, reason, now, *conditions)


async def end_devices(
    connection: AsyncConnection, account_id: UUID, reason: str, now: datetime, *conditions: "sa.ColumnElement[bool]"
) -> tuple[UUID, ...]:
    return await _end(connection, devices, account_id, reason, now, *conditions)


async def _end(
    connection: AsyncConnection,
    table: sa.Table,
    account_id: UUID,
    reason: str,
    now: datetime,
    *conditions: "sa.ColumnElement[bool]",
) -> tuple[UUID, ...]:
    living = (table.c.account_id == account_id, table.c.revoked_at.is_(None), table.c.expires_at > now, *conditions)
    ended = table.update().where(*living).values(revoked_at=now, revoked_reason=reason).returning(table.c.id)
    return tuple((await connection.execute(ended)).scalars())
