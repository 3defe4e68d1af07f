"""The signing keys in PostgreSQL: their seeds encrypted, and with each change its entry in the audit table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.tables import signing_keys
from services.auth.domain.audit import SYSTEM, Action, AuditEntry
from services.auth.domain.signing_keys import SigningKey, SigningKeys
from services.auth.use_cases.rotate_signing_keys import NotWithdrawn, Withdrawn
from shared.encryption import Encryption
from shared.postgres import outages, transaction

_ALL: Final = sa.select(signing_keys).order_by(signing_keys.c.signs_from, signing_keys.c.kid)
# One change at a time: of instances that start at once one makes the first key, and no withdrawal meets another.
_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(hashtext('gatepost-signing-keys'))")


@dataclass(frozen=True, slots=True)
class PostgresSigningKeys:
    engine: AsyncEngine
    encryption: Encryption

    async def all(self) -> tuple[SigningKey, ...]:
        """All there ever were, in the order of their turns, without their seeds."""
        with outages():
            async with self.engine.connect() as connection:
                return await _all(connection)

    async def load(self, now: datetime) -> tuple[SigningKey, ...]:
        with outages():
            async with self.engine.connect() as connection:
                rows = (await connection.execute(_ALL)).all()
        stored = [SigningKey(**row._mapping) for row in rows]
        accepted = SigningKeys(stored).accepted(now)
        return tuple(
            replace(key, seed=self.encryption.decrypt(key.seed, _context(key)) if key in accepted else b"")
            for key in stored
        )

    async def add(self, key: SigningKey, actor: str) -> None:
        async with self._changing() as connection:
            await self._insert(connection, key)
            await _record(connection, key.created_at, actor, added=key.kid)

    async def ensure(self, key: SigningKey) -> bool:
        async with self._changing() as connection:
            missing = SigningKeys(await _all(connection)).signer(key.signs_from) is None
            if missing:
                await self._insert(connection, key)
                await _record(connection, key.created_at, SYSTEM, added=key.kid)
        return missing

    async def withdraw(self, kid: str, substitute: SigningKey, actor: str) -> Withdrawn | NotWithdrawn:
        now = substitute.signs_from
        async with self._changing() as connection:
            stored = {key.kid: key for key in await _all(connection)}
            if kid not in stored:
                return NotWithdrawn.UNKNOWN
            if stored[kid].withdrawn_at is not None:
                return NotWithdrawn.ALREADY
            signer = SigningKeys(stored.values()).signer(now)
            added = substitute if signer is not None and signer.kid == kid else None
            if added is not None:
                await self._insert(connection, added)
            withdrawal = sa.update(signing_keys).where(signing_keys.c.kid == kid).values(withdrawn_at=now)
            await connection.execute(withdrawal)
            await _record(connection, now, actor, withdrawn=kid, added=added.kid if added else None)
        return Withdrawn(added)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncConnection]:
        async with transaction(self.engine) as connection:
            await connection.execute(_LOCK)
            yield connection

    async def _insert(self, connection: AsyncConnection, key: SigningKey) -> None:
        encrypted = self.encryption.encrypt(key.seed, _context(key))
        await connection.execute(signing_keys.insert().values(asdict(key) | {"seed": encrypted}))


async def _all(connection: AsyncConnection) -> tuple[SigningKey, ...]:
    rows = await connection.execute(_ALL)
    return tuple(SigningKey(**{**row._mapping, "seed": b""}) for row in rows)


async def _record(connection: AsyncConnection, at: datetime, actor: str, **detail: str | None) -> None:
    await record(connection, AuditEntry(actor, Action.KEYS_ROTATED, None, detail=detail), at)


def _context(key: SigningKey) -> bytes:
    return b"signing:" + key.kid.encode()
