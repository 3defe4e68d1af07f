"""The audit table, read in pages."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.tables import audit
from services.auth.domain.audit_record import AuditRecord
from shared.postgres import outages


class PostgresAudit:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(
        self, after_id: int, limit: int, account_id: UUID | None = None, since: datetime | None = None
    ) -> list[AuditRecord]:
        """In the order of ids, up to `limit` that follow `after_id`. Whatever was not committed when this ran may
        still appear below an id that it gave: ids are taken when an entry is written."""
        wanted = sa.select(audit).where(audit.c.id > after_id).order_by(audit.c.id).limit(limit)
        if account_id is not None:
            wanted = wanted.where(audit.c.account_id == account_id)
        if since is not None:
            wanted = wanted.where(audit.c.at >= since)
        with outages():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted)).all()
        return [AuditRecord(**row._mapping) for row in rows]
