"""Announcements in PostgreSQL. Whoever spreads one holds the row of its progress; an operator changes the other row,
and so waits for nobody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.tables import accounts, announcement_progress, announcements, totp_factors
from services.auth.domain.account import AccountStatus
from services.auth.domain.announcement import Announcement, Progress, Recipient, Standing
from services.auth.domain.audit import AuditEntry
from services.auth.use_cases.control_announcement import Control, NotControlled
from shared.events import NoticeKind
from shared.postgres import outages, transaction

# A turn takes seconds at most. The server ends the session of one that says nothing for longer, whatever became of its
# process or machine, and the row is free for another.
LEASE: Final = timedelta(seconds=45)
MOST_LISTED: Final = 100

_ANNOUNCED: Final = [field.name for field in fields(Announcement)]
_PROGRESSED: Final = [field.name for field in fields(Progress)]
_progress = announcement_progress.c
_STANDING = sa.select(
    *(announcements.c[name] for name in _ANNOUNCED), *(_progress[name] for name in _PROGRESSED)
).join_from(announcements, announcement_progress)
_DUE = (
    _STANDING.where(
        announcements.c.paused_at.is_(None),
        announcements.c.expires_at > sa.bindparam("now"),
        _progress.finished_at.is_(None),
        _progress.next_at <= sa.bindparam("now"),
    )
    .order_by(_progress.next_at)
    .limit(1)
    .with_for_update(of=announcement_progress, skip_locked=True)
)

# Whoever is asked for a mailed code at a login. SSO and an own second factor are exempt, and an app is asked instead.
_CONCERNED = sa.and_(
    accounts.c.region == sa.bindparam("region"),
    accounts.c.status == AccountStatus.ACTIVE,
    sa.not_(accounts.c.sso),
    sa.not_(accounts.c.own_mfa),
    ~sa.exists().where(totp_factors.c.account_id == accounts.c.id, totp_factors.c.state == "confirmed"),
)
_COUNT = sa.select(sa.func.count()).select_from(accounts).where(_CONCERNED)
PAGE = (
    sa.select(accounts.c.id, accounts.c.email, accounts.c.locale)
    .where(_CONCERNED, accounts.c.id > sa.bindparam("after"))
    .order_by(accounts.c.id)
    .limit(sa.bindparam("limit"))
)


class PostgresTurn:
    def __init__(self, connection: AsyncConnection, standing: Standing) -> None:
        self._connection = connection
        self.standing = standing

    async def page(self, limit: int) -> list[Recipient]:
        values = {"region": self.standing.announcement.region, "after": self.standing.progress.after, "limit": limit}
        return [Recipient(*row) for row in await self._connection.execute(PAGE, values)]

    async def save(self, progress: Progress) -> None:
        mine = _progress.announcement_id == self.standing.announcement.id
        await self._connection.execute(sa.update(announcement_progress).where(mine).values(asdict(progress)))


class PostgresAnnouncements:
    """Every verb raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, engine: AsyncEngine, lease: timedelta = LEASE) -> None:
        self._engine = engine
        self._lease = f"{lease // timedelta(milliseconds=1)}ms"

    async def add(self, announcement: Announcement) -> None:
        added = insert(announcements).values(asdict(announcement)).on_conflict_do_nothing()
        first = {"announcement_id": announcement.id, **asdict(Progress(next_at=announcement.received_at))}
        async with transaction(self._engine) as connection:
            if await connection.scalar(added.returning(announcements.c.id)) is not None:
                await connection.execute(announcement_progress.insert().values(first))

    @asynccontextmanager
    async def turn(self, now: datetime) -> AsyncIterator[PostgresTurn | None]:
        lease = sa.select(sa.func.set_config("idle_in_transaction_session_timeout", self._lease, True))
        async with transaction(self._engine) as connection:
            row = (await connection.execute(_DUE, {"now": now})).one_or_none()
            if row is None:
                yield None
                return
            await connection.execute(lease)
            yield PostgresTurn(connection, _standing(row))

    async def count(self, region: str) -> int:
        with outages():
            async with self._engine.connect() as connection:
                return (await connection.execute(_COUNT, {"region": region})).scalar_one()

    async def find(self, announcement_id: UUID) -> Standing | None:
        with outages():
            async with self._engine.connect() as connection:
                found = _STANDING.where(announcements.c.id == announcement_id)
                row = (await connection.execute(found)).one_or_none()
        return None if row is None else _standing(row)

    async def newest(self) -> list[Standing]:
        """The newest first, `MOST_LISTED` at most."""
        newest = _STANDING.order_by(announcements.c.received_at.desc(), announcements.c.id).limit(MOST_LISTED)
        with outages():
            async with self._engine.connect() as connection:
                return [_standing(row) for row in (await connection.execute(newest)).all()]

    async def control(self, announcement_id: UUID, control: Control, entry: AuditEntry) -> Standing | NotControlled:
        mine = announcements.c.id == announcement_id
        async with transaction(self._engine) as connection:
            found = _STANDING.where(mine).with_for_update(of=announcements)
            row = (await connection.execute(found)).one_or_none()
            if row is None:
                return NotControlled.UNKNOWN
            if _standing(row).is_over(control.at):
                return NotControlled.OVER
            await connection.execute(sa.update(announcements).where(mine).values(_changes(control)))
            await record(connection, entry, control.at)
            return _standing((await connection.execute(_STANDING.where(mine))).one())


def _changes(control: Control) -> dict[str, Any]:
    changes: dict[str, Any] = {} if control.pace is None else {"pace": control.pace}
    if control.paused is not None:
        changes["paused_at"] = control.at if control.paused else None
    return changes


def _standing(row: "sa.Row[Any]") -> Standing:
    values = row._mapping
    announced = {name: values[name] for name in _ANNOUNCED}
    announcement = Announcement(**(announced | {"kind": NoticeKind(row.kind)}))
    return Standing(announcement, Progress(**{name: values[name] for name in _PROGRESSED}))
