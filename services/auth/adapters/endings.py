"""The end of sessions and trusted devices: part of the transaction that is the reason for it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import devices, sessions


async def end_sessions(connection: AsyncConnection, account_id: UUID, reason: str, now: datetime) -> tuple[UUID, ...]:
    """All that the account has; the ids of those that had not ended before. They are to be announced afterwards."""
    return await _end(connection, sessions, account_id, reason, now)


async def end_devices(connection: AsyncConnection, account_id: UUID, reason: str, now: datetime) -> tuple[UUID, ...]:
    """All that the account has; the ids of those that had not ended before."""
    return await _end(connection, devices, account_id, reason, now)


async def _end(
    connection: AsyncConnection, table: sa.Table, account_id: UUID, reason: str, now: datetime
) -> tuple[UUID, ...]:
    ending = (
        sa.update(table)
        .values(revoked_at=now, revoked_reason=reason)
        .where(table.c.account_id == account_id, table.c.revoked_at.is_(None))
        .returning(table.c.id)
    )
    return tuple((await connection.execute(ending)).scalars())
