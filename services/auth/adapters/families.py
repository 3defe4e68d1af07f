"""Rotating tokens in PostgreSQL: one statement for the honest case, a second look for every other."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.domain.rotating_token import NONCE_BYTES, Family, OpaqueToken, RandomBytes, Use
from shared.postgres import outages

REPLAYED: Final = "replayed"


@dataclass(frozen=True, slots=True)
class Presented:
    """The family's row as it was, and what presenting the token was; `successor` is what to hand out, if anything."""

    row: "sa.Row[Any]"
    use: Use | None
    successor: OpaqueToken | None = None


class Families:
    """Of one table. A family that is revoked, past its end, or idle for too long gives `use` None."""

    def __init__(
        self,
        engine: AsyncEngine,
        table: sa.Table,
        random_bytes: RandomBytes,
        grace: timedelta,
        idle: timedelta | None = None,
    ) -> None:
        self._engine = engine
        self._table = table
        self._random_bytes = random_bytes
        self._grace = grace
        self._idle = idle

    def fresh(self) -> tuple[OpaqueToken, dict[str, bytes]]:
        """A new family's first token, and its columns."""
        token = OpaqueToken.fresh(self._random_bytes)
        return token, {"finder_hash": token.finder_hash, "secret_hash": token.secret_hash}

    async def present(
        self, token: OpaqueToken, now: datetime, *conditions: "sa.ColumnElement[bool]"
    ) -> Presented | None:
        """Rotate, if the token is its family's current one and the conditions hold. None: no such family.

        Two calls at once with the same token: the row's lock lets one rotate; the other finds itself in the grace.
        Raises: DependencyUnavailable.
        """
        table = self._table
        nonce = self._random_bytes(NONCE_BYTES)
        successor = token.successor(nonce)
        rotate = (
            table.update()
            .where(table.c.finder_hash == token.finder_hash, table.c.secret_hash == token.secret_hash)
            .where(table.c.revoked_at.is_(None), table.c.expires_at > now, *self._not_idle(now), *conditions)
            .values(previous_hash=table.c.secret_hash, secret_hash=successor.secret_hash, nonce=nonce)
            .values(rotated_at=now, last_used_at=now)
            .returning(table)
        )
        with outages():
            async with self._engine.connect() as connection:
                rotated = (await connection.execute(rotate)).one_or_none()
                if rotated is not None:
                    return Presented(rotated, Use.CURRENT, successor)
                found = await connection.execute(table.select().where(table.c.finder_hash == token.finder_hash))
                row = found.one_or_none()
        return None if row is None else self._look(row, token, now)

    def in_grace(self, token: OpaqueToken, now: datetime) -> "sa.ColumnElement[bool]":
        """Whether it is the family's previous token, and still serves."""
        row = self._table.c
        return sa.and_(row.previous_hash == token.secret_hash, row.rotated_at >= now - self._grace)

    def _not_idle(self, now: datetime) -> "list[sa.ColumnElement[bool]]":
        return [] if self._idle is None else [self._table.c.last_used_at > now - self._idle]

    def _look(self, row: "sa.Row[Any]", token: OpaqueToken, now: datetime) -> Presented:
        idle = self._idle is not None and row.last_used_at <= now - self._idle
        if row.revoked_at is not None or row.expires_at <= now or idle:
            return Presented(row, None)
        family = Family(row.secret_hash, row.previous_hash, row.nonce, row.rotated_at)
        use = family.use(token, now, self._grace)
        return Presented(row, use, token.successor(row.nonce) if use is Use.AGAIN else None)


async def revoke_family(connection: AsyncConnection, table: sa.Table, family_id: object, now: datetime) -> bool:
    """Its token came back from the past. Whether it was still alive."""
    revoke = table.update().where(table.c.id == family_id, table.c.revoked_at.is_(None))
    done = await connection.execute(revoke.values(revoked_at=now, revoked_reason=REPLAYED))
    return done.rowcount == 1
