"""The audit table: appended to in the transaction that does what it tells."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import audit
from services.auth.domain.audit import AuditEntry


async def record(connection: AsyncConnection, entry: AuditEntry, at: datetime) -> None:
    """Part of the caller's transaction: both happen or neither."""
    values = {
        "at": at,
        "actor": entry.actor,
        "action": entry.action.value,
        "account_id": entry.account_id,
        "reason": entry.reason,
        "detail": dict(entry.detail),
    }
    await connection.execute(audit.insert().values(values))
