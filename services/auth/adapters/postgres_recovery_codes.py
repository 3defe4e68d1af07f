"""Recovery codes in PostgreSQL: hashes that only the service's keys can make."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.factor_guesses import FactorGuesses
from services.auth.adapters.tables import recovery_codes
from services.auth.domain.audit import Action, AuditEntry, owner
from services.auth.domain.recovery_code import RecoveryCodeHashes
from shared.postgres import transaction

_row = recovery_codes.c


class PostgresRecoveryCodes:
    def __init__(
        self, engine: AsyncEngine, hashes: RecoveryCodeHashes, guesses: FactorGuesses, now: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._hashes = hashes
        self._guesses = guesses
        self._now = now

    async def replace(self, account_id: UUID, codes: tuple[str, ...]) -> None:
        async with self._guesses.queue(account_id), transaction(self._engine) as connection:
            await self._guesses.turn(connection, account_id)  # two at once would leave the codes of both
            await self._put(connection, account_id, codes)

    async def keep_spare(self, connection: AsyncConnection, account_id: UUID, codes: tuple[str, ...]) -> bool:
        """Whether they were kept: not where there is a code left to use. Part of the caller's transaction."""
        await self._guesses.turn(connection, account_id)
        if await _left(connection, account_id):
            return False
        await self._put(connection, account_id, codes)
        return True

    async def accept(self, connection: AsyncConnection, account_id: UUID, code: str, now: datetime) -> bool:
        """Finding a hash by an index tells nothing of the code: who lacks the key cannot choose hashes."""
        possible = list(self._hashes.possible(account_id, code))
        unused = sa.and_(_row.account_id == account_id, _row.code_hash.in_(possible), _row.used_at.is_(None))
        used = recovery_codes.update().where(unused).values(used_at=now).returning(_row.code_hash)
        if (await connection.execute(used)).one_or_none() is None:
            return False
        detail = {"left": await _left(connection, account_id)}
        await record(
            connection, AuditEntry(owner(account_id), Action.RECOVERY_CODE_USED, account_id, detail=detail), now
        )
        return True

    async def _put(self, connection: AsyncConnection, account_id: UUID, codes: tuple[str, ...]) -> None:
        rows = [{"account_id": account_id, "code_hash": self._hashes.stored(account_id, code)} for code in codes]
        await connection.execute(recovery_codes.delete().where(_row.account_id == account_id))
        await connection.execute(recovery_codes.insert().values(rows))
        await record(connection, AuditEntry(owner(account_id), Action.RECOVERY_CODES_MADE, account_id), self._now())


async def _left(connection: AsyncConnection, account_id: UUID) -> int:
    counted = sa.select(sa.func.count()).where(_row.account_id == account_id, _row.used_at.is_(None))
    return (await connection.execute(counted)).scalar_one()
