"""What the owner of an account changes about it, in PostgreSQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.endings import end_devices, end_sessions
from services.auth.adapters.postgres_accounts import locked_account
from services.auth.adapters.tables import accounts, sessions, spent_challenges
from services.auth.domain.account import Account
from services.auth.domain.audit import AuditEntry
from shared.postgres import outages, transaction


class PostgresOwnAccount:
    """Every change begins another epoch of the account."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def spend(self, token_id: UUID, expires_at: datetime) -> bool:
        """Whether the token of a step-up was not spent before."""
        spent = insert(spent_challenges).values(challenge_id=token_id, expires_at=expires_at)
        with outages():
            async with self._engine.connect() as connection:
                first = spent.on_conflict_do_nothing().returning(spent_challenges.c.challenge_id)
                return await connection.scalar(first) is not None

    async def change_email(self, email: str, epoch: int, entry: AuditEntry, now: datetime) -> Account | None:
        assert entry.account_id is not None
        async with transaction(self._engine) as connection:
            before = await locked_account(connection, entry.account_id)
            if before is None or not before.may_sign_in or before.epoch != epoch:
                return None
            await _change(connection, before, email=email)
            await end_devices(connection, before.id, entry.action, now)
            await record(connection, entry, now)
        return before

    async def change_password(
        self, account: Account, password_hash: str, entry: AuditEntry, now: datetime, keep: UUID | None
    ) -> tuple[UUID, ...] | None:
        others = [] if keep is None else [sessions.c.id != keep]
        async with transaction(self._engine) as connection:
            before = await locked_account(connection, account.id)
            if before is None or (before.password_hash, before.epoch) != (account.password_hash, account.epoch):
                return None
            await _change(connection, before, password_hash=password_hash)
            await end_devices(connection, account.id, entry.action, now)
            ended = await end_sessions(connection, account.id, entry.action, now, *others)
            await record(connection, entry, now)
        return ended


async def _change(connection: AsyncConnection, account: Account, **values: str) -> None:
    changed = accounts.update().where(accounts.c.id == account.id).values(epoch=accounts.c.epoch + 1, **values)
    await connection.execute(changed)
