"""Rows that can do nothing any more, deleted from PostgreSQL in small batches."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.endings import SURPLUS
from services.auth.adapters.tables import devices, sessions, spent_challenges
from services.auth.use_cases.sweep_expired import ENDED_KEPT
from shared.postgres import outages

# 2 h instead of 30 days: by then no access token of theirs is left (services/auth/settings.py).
SURPLUS_SOONER: Final = ENDED_KEPT - timedelta(hours=2)


class PostgresHousekeeping:
    """A row that somebody else holds is left for the next time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def delete_spent_challenges(self, expired_before: datetime, most: int) -> int:
        row = spent_challenges.c
        return await self._delete(row.challenge_id, row.expires_at < expired_before, most)

    async def delete_sessions(self, ended_before: datetime, most: int) -> int:
        return await self._delete(sessions.c.id, _ended(sessions, ended_before), most)

    async def delete_devices(self, ended_before: datetime, most: int) -> int:
        return await self._delete(devices.c.id, _ended(devices, ended_before), most)

    async def _delete(self, key: "sa.Column[UUID]", over: sa.ColumnElement[bool], most: int) -> int:
        # A CTE that locks is computed once; a plain subquery might be again and again, each time with other rows.
        chosen = sa.select(key).where(over).limit(most).with_for_update(skip_locked=True).cte()
        with outages():
            async with self._engine.connect() as connection:
                return (await connection.execute(sa.delete(key.table).where(key.in_(sa.select(chosen))))).rowcount


def _ended(family: sa.Table, before: datetime) -> sa.ColumnElement[bool]:
    """Those that ended for being too many are forgotten sooner: somebody may make thousands an hour of them."""
    surplus = sa.and_(family.c.revoked_reason == SURPLUS, family.c.revoked_at < before + SURPLUS_SOONER)
    return sa.or_(family.c.expires_at < before, family.c.revoked_at < before, surplus)
