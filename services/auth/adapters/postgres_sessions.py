"""Sessions and their refresh tokens in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.endings import end_sessions, end_surplus
from services.auth.adapters.families import Families, revoke_family
from services.auth.adapters.postgres_accounts import IS_OPEN
from services.auth.adapters.tables import accounts, sessions
from services.auth.domain.audit import SYSTEM, Action, AuditEntry
from services.auth.domain.factor import ACRS, Proof
from services.auth.domain.rotating_token import OpaqueToken, RandomBytes, Use
from services.auth.domain.session import Session, SessionLives
from services.auth.use_cases.refresh_session import Ended, Refreshed, Replayed
from shared.postgres import outages, transaction

_COLUMNS = [sessions.c[name] for name in Session.__dataclass_fields__]
_ACCOUNT_IS_OPEN = sa.exists().where(accounts.c.id == sessions.c.account_id, IS_OPEN)


class PostgresSessions:
    """`engine` commits by itself; what writes to the audit table makes a transaction of its own."""

    def __init__(self, engine: AsyncEngine, lives: SessionLives, random_bytes: RandomBytes) -> None:
        self._engine = engine
        self._lives = lives
        self._families = Families(engine, sessions, random_bytes, lives.grace, lives.idle)

    async def open(self, session: Session, epoch: int) -> OpaqueToken | None:
        """Its first refresh token; None where the account is closed by now, or in another epoch. One statement; where
        the account has too many no stronger sessions, those that were not used for longest end."""
        token, family = self._families.fresh()
        values = {**_row(session), **family}
        chosen = sa.select(*(sa.literal(value, sessions.c[name].type) for name, value in values.items()))
        # Locked in the same statement: whoever closes the account comes before this, or finds the session.
        same = (accounts.c.id == session.account_id, accounts.c.epoch == epoch, IS_OPEN)
        opening = chosen.where(*same).with_for_update(read=True, of=accounts)
        # Whoever has the password alone must not sign out who had a second factor.
        no_stronger = sessions.c.acr.in_(ACRS[: ACRS.index(session.acr) + 1])
        room = end_surplus(sessions, session.account_id, session.created_at, self._lives.most - 1, no_stronger)
        insert = sessions.insert().from_select(list(values), opening).add_cte(room.cte("room"))
        with outages():
            async with self._engine.connect() as connection:
                opened = await connection.scalar(insert.returning(sessions.c.id))
        return None if opened is None else token

    async def refresh(self, token: OpaqueToken, now: datetime) -> Refreshed | Replayed | Ended:
        presented = await self._families.present(token, now, _ACCOUNT_IS_OPEN)
        if presented is None:
            return Ended.UNKNOWN
        session = _session(presented.row)
        match presented.use:
            case None:
                return Ended.REVOKED if presented.row.revoked_at else Ended.EXPIRED
            case Use.REPLAYED:
                return await self._replayed(session, now)
            case Use.CURRENT if presented.successor is None:
                return Ended.ACCOUNT_CLOSED  # all of the token was right; the account was not
            case _:
                assert presented.successor is not None
                return Refreshed(session, presented.successor)

    async def _replayed(self, session: Session, now: datetime) -> Replayed:
        entry = AuditEntry(
            SYSTEM, Action.REFRESH_TOKEN_REPLAYED, session.account_id, None, {"session": str(session.id)}
        )
        async with transaction(self._engine) as connection:
            if await revoke_family(connection, sessions, session.id, now):
                await record(connection, entry, now)
        return Replayed(session)

    async def step_up(self, session_id: UUID, account_id: UUID, proof: Proof, now: datetime) -> Session | None:
        """The session, as strong and as recent as the proof; None where it has ended."""
        living = (sessions.c.id == session_id, sessions.c.account_id == account_id, sessions.c.revoked_at.is_(None))
        raised = (
            sessions.update()
            .where(*living, sessions.c.expires_at > now, _ACCOUNT_IS_OPEN)
            .values(acr=proof.acr, amr=list(proof.amr), auth_time=now)
            .returning(*_COLUMNS)
        )
        with outages():
            async with self._engine.connect() as connection:
                row = (await connection.execute(raised)).one_or_none()
        return None if row is None else _session(row)

    async def living(self, account_id: UUID, now: datetime) -> list[Session]:
        """Newest use first."""
        alive = (sessions.c.revoked_at.is_(None), sessions.c.expires_at > now)
        recent = sessions.c.last_used_at > now - self._lives.idle
        chosen = sa.select(*_COLUMNS).where(sessions.c.account_id == account_id, *alive, recent)
        with outages():
            async with self._engine.connect() as connection:
                rows = await connection.execute(chosen.order_by(sessions.c.last_used_at.desc()))
                return [_session(row) for row in rows]

    async def end(self, entry: AuditEntry, now: datetime, only: UUID | None = None) -> tuple[UUID, ...]:
        """End the account's sessions, or `only` one of them; the ids of those that lived."""
        assert entry.account_id is not None
        conditions = [] if only is None else [sessions.c.id == only]
        async with transaction(self._engine) as connection:
            if only is None:  # what is under way is meant as well
                begun = accounts.update().where(accounts.c.id == entry.account_id)
                await connection.execute(begun.values(epoch=accounts.c.epoch + 1))
            ended = await end_sessions(connection, entry.account_id, entry.action, now, *conditions)
            if ended:
                await record(connection, entry, now)
        return ended

    async def revoked_since(
        self, since: datetime, *, unannounced: bool, most: int | None = None
    ) -> list[tuple[UUID, datetime]]:
        """(session id, when it was revoked), oldest first; with `unannounced` those that Kafka is not known to have."""
        chosen = sa.select(sessions.c.id, sessions.c.revoked_at).where(sessions.c.revoked_at > since)
        if unannounced:
            chosen = chosen.where(sessions.c.announced_at.is_(None))
        with outages():
            async with self._engine.connect() as connection:
                found = await connection.execute(chosen.order_by(sessions.c.revoked_at).limit(most))
                return [(row.id, row.revoked_at) for row in found]

    async def announced(self, session_ids: Sequence[UUID], at: datetime) -> None:
        with outages():
            async with self._engine.connect() as connection:
                told = sessions.update().where(sessions.c.id.in_(session_ids)).values(announced_at=at)
                await connection.execute(told)


def _row(session: Session) -> dict[str, Any]:
    return {**asdict(session), "amr": list(session.amr), "scope": list(session.scope)}


def _session(row: Any) -> Session:
    values = {name: getattr(row, name) for name in Session.__dataclass_fields__}
    return Session(**{**values, "amr": tuple(row.amr), "scope": tuple(row.scope)})
