"""What the owner of an account changes about it, in PostgreSQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.endings import end_devices, end_sessions
from services.auth.adapters.postgres_accounts import locked_account
from services.auth.adapters.tables import accounts, sessions
from services.auth.domain.account import Account
from services.auth.domain.audit import AuditEntry
from shared.postgres import transaction


class PostgresOwnAccount:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def change_email(self, email: str, entry: AuditEntry, now: datetime) -> Account | None:
        assert entry.account_id is not None
        async with transaction(self._engine) as connection:
            before = await locked_account(connection, entry.account_id)
            if before is None or not before.may_sign_in:
                return None
            await connection.execute(accounts.update().where(accounts.c.id == before.id).values(email=email))
            await end_devices(connection, before.id, entry.action, now)
            await record(connection, entry, now)
        return before

    async def change_password(
        self, password_hash: str, entry: AuditEntry, now: datetime, keep: UUID | None
    ) -> tuple[UUID, ...]:
        account_id = entry.account_id
        assert account_id is not None
        others = [] if keep is None else [sessions.c.id != keep]
        async with transaction(self._engine) as connection:
            changed = accounts.update().where(accounts.c.id == account_id).values(password_hash=password_hash)
            await connection.execute(changed)
            await end_devices(connection, account_id, entry.action, now)
            ended = await end_sessions(connection, account_id, entry.action, now, *others)
            await record(connection, entry, now)
        return ended
