"""TOTP factors in PostgreSQL, their secrets encrypted. An account has one in use and, meanwhile, one on offer."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.endings import end_devices
from services.auth.adapters.factor_guesses import FactorGuesses
from services.auth.adapters.postgres_recovery_codes import PostgresRecoveryCodes
from services.auth.adapters.tables import accounts, totp_factors
from services.auth.domain.audit import Action, AuditEntry, owner
from services.auth.domain.totp import matching_step
from services.auth.use_cases.enrol_totp import NothingToConfirm, TotpConfirmed
from services.auth.use_cases.verify_challenge import TooManyAttempts, Wrong
from shared.encryption import Encryption, Undecryptable
from shared.postgres import outages, transaction
from shared.unavailable import DependencyUnavailable

PENDING: Final = "pending"
CONFIRMED: Final = "confirmed"

_row = totp_factors.c


class _Kept(NamedTuple):
    secret: bytes
    last_step: int | None


class PostgresTotp:
    """Every verb raises DependencyUnavailable; so does one that meets a secret whose key is not in the ring."""

    def __init__(
        self,
        engine: AsyncEngine,
        encryption: Encryption,
        guesses: FactorGuesses,
        recovery_codes: PostgresRecoveryCodes,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._encryption = encryption
        self._guesses = guesses
        self._recovery_codes = recovery_codes
        self._now = now

    async def offer(self, account_id: UUID, secret: bytes) -> None:
        encrypted = self._encryption.encrypt(secret, _context(account_id))
        changes = {"secret": encrypted, "created_at": self._now()}
        offered = insert(totp_factors).values(account_id=account_id, state=PENDING, **changes)
        with outages():
            async with self._engine.connect() as connection:
                await connection.execute(
                    offered.on_conflict_do_update(index_elements=["account_id", "state"], set_=changes)
                )

    async def confirm(
        self, account_id: UUID, code: str, spare_codes: tuple[str, ...]
    ) -> TotpConfirmed | Wrong | TooManyAttempts | NothingToConfirm:
        async with self._guesses.queue(account_id), transaction(self._engine) as connection:
            turn = await self._guesses.turn(connection, account_id)
            now = self._now()
            offered = await self._find(connection, account_id, PENDING, lock=True)  # not another one meanwhile
            if offered is None:
                return NothingToConfirm()
            if refusal := turn.refusal(now):
                return refusal
            step = matching_step(offered.secret, code, now, None)
            if step is None:
                return await turn.wrong(now)
            await _put_in_use(connection, account_id, step)
            # A mail may have been enough for devices until now, and for challenges that are under way.
            begun = accounts.update().where(accounts.c.id == account_id).values(epoch=accounts.c.epoch + 1)
            await connection.execute(begun)
            await end_devices(connection, account_id, Action.TOTP_ENROLLED, now)
            await record(connection, AuditEntry(owner(account_id), Action.TOTP_ENROLLED, account_id), now)
            kept = await self._recovery_codes.keep_spare(connection, account_id, spare_codes)
            return TotpConfirmed(spare_codes if kept else ())

    async def remove(self, account_id: UUID) -> bool:
        async with transaction(self._engine) as connection:
            removed = totp_factors.delete().where(_row.account_id == account_id).returning(_row.state)
            was_in_use = CONFIRMED in (await connection.scalars(removed)).all()
            if was_in_use:
                await record(connection, AuditEntry(owner(account_id), Action.TOTP_REMOVED, account_id), self._now())
        return was_in_use

    async def accept(self, connection: AsyncConnection, account_id: UUID, code: str, now: datetime) -> bool:
        kept = await self._find(connection, account_id, CONFIRMED)
        step = matching_step(kept.secret, code, now, kept.last_step) if kept else None
        if step is None:
            return False
        used = totp_factors.update().where(_of(account_id, CONFIRMED)).values(last_step=step)
        await connection.execute(used)
        return True

    async def _find(
        self, connection: AsyncConnection, account_id: UUID, state: str, *, lock: bool = False
    ) -> _Kept | None:
        wanted = sa.select(_row.secret, _row.last_step).where(_of(account_id, state))
        wanted = wanted.with_for_update() if lock else wanted
        row = (await connection.execute(wanted)).one_or_none()
        if row is None:
            return None
        try:
            return _Kept(self._encryption.decrypt(row.secret, _context(account_id)), row.last_step)
        except Undecryptable as error:
            raise DependencyUnavailable("storage-keys") from error


async def _put_in_use(connection: AsyncConnection, account_id: UUID, step: int) -> None:
    await connection.execute(totp_factors.delete().where(_of(account_id, CONFIRMED)))
    offered = totp_factors.update().where(_of(account_id, PENDING))
    await connection.execute(offered.values(state=CONFIRMED, last_step=step))


def _of(account_id: UUID, state: str) -> sa.ColumnElement[bool]:
    return sa.and_(_row.account_id == account_id, _row.state == state)


def _context(account_id: UUID) -> bytes:
    return b"totp:" + account_id.bytes
