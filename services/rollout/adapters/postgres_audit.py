"""The audit in PostgreSQL: written in the transaction of what it tells."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.rollout.adapters.tables import audit, audit_head
from services.rollout.domain.audit import AuditEntry, Deed, Head
from shared.postgres import transaction

PAGE: Final = 500


async def record(connection: AsyncConnection, deed: Deed) -> None:
    """The head is locked until the commit: entries come one after the other, in the order of their numbers."""
    head = await _head(connection, lock=True)
    entry = AuditEntry.after(head, deed, datetime.now(UTC))
    row = {column.name: getattr(entry, column.name) for column in audit.columns}
    await connection.execute(sa.insert(audit).values(row))
    await connection.execute(sa.update(audit_head).values(number=entry.number, hash=entry.hash))


class PostgresAudit:
    """Every method raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def after(self, number: int, limit: int, region: str | None = None) -> list[AuditEntry]:
        """In order."""
        chosen = sa.select(audit).where(audit.c.number > number).order_by(audit.c.number).limit(limit)
        if region is not None:
            chosen = chosen.where(audit.c.region == region)
        async with transaction(self._engine) as connection:
            return [_entry(row) for row in (await connection.execute(chosen)).all()]

    async def head(self) -> Head:
        async with transaction(self._engine) as connection:
            return await _head(connection)

    async def up_to(self, head: Head) -> AsyncIterator[AuditEntry]:
        """All entries from the first to the head, also such as stand behind gaps, and none that came later."""
        last = 0
        while page := [entry for entry in await self.after(last, PAGE) if entry.number <= head.number]:
            for entry in page:
                yield entry
            last = page[-1].number


async def _head(connection: AsyncConnection, *, lock: bool = False) -> Head:
    standing = sa.select(audit_head.c.number, audit_head.c.hash)
    row = (await connection.execute(standing.with_for_update() if lock else standing)).one()
    return Head(row.number, row.hash)


def _entry(row: "sa.Row[Any]") -> AuditEntry:
    return AuditEntry(**row._mapping)
