"""Logins by hour in PostgreSQL. Whether an attempt was counted, and its count, are one transaction."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.rollout.adapters.tables import counted_logins, login_hours
from services.rollout.domain.logins import BY_REGION, BusiestHour, CountedLogins, LoginKind
from shared.postgres import transaction

DELETED_AT_ONCE: Final = 10_000

_of = login_hours.c
_TOTAL: Final = sa.func.sum(_of.logins).label("total")
_BUSIEST: Final = (
    sa.select(_of.hour, _TOTAL)
    .where(_of.region == sa.bindparam("region"), _of.reason.in_(sorted(BY_REGION)))
    .group_by(_of.hour)
    .order_by(_TOTAL.desc(), _of.hour.desc())
    .limit(1)
)


class PostgresLogins:
    """Every method raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def count(self, attempts: Sequence[tuple[UUID, LoginKind]]) -> None:
        """In the order of their keys, so that two who count the same wait for each other and never crosswise."""
        kinds = dict(attempts)
        rows = [{"attempt_id": each, "hour": kinds[each].hour} for each in sorted(kinds)]
        remember = insert(counted_logins).values(rows).on_conflict_do_nothing().returning(counted_logins.c.attempt_id)
        async with transaction(self._engine) as connection:
            new = Counter(kinds[each] for each in await connection.scalars(remember))
            if not new:
                return
            values = [
                {"region": k.region, "hour": k.hour, "outcome": k.outcome, "reason": k.reason, "logins": new[k]}
                for k in sorted(new)
            ]
            adding = insert(login_hours).values(values)
            more = {"logins": _of.logins + adding.excluded.logins}
            await connection.execute(adding.on_conflict_do_update(constraint=login_hours.primary_key, set_=more))

    async def busiest(self, region: str) -> BusiestHour | None:
        async with transaction(self._engine) as connection:
            row = (await connection.execute(_BUSIEST, {"region": region})).one_or_none()
        return None if row is None else BusiestHour(row.hour, int(row.total))

    async def since(self, region: str, begin: datetime) -> list[CountedLogins]:
        """From the hour that begins then, in order."""
        chosen = sa.select(_of.region, _of.hour, _of.outcome, _of.reason, _of.logins).where(
            _of.region == region, _of.hour >= begin
        )
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(chosen.order_by(_of.hour, _of.outcome, _of.reason))).all()
        return [CountedLogins(LoginKind(r.region, r.hour, r.outcome, r.reason), r.logins) for r in rows]

    async def forget(self, attempts_before: datetime, hours_before: datetime) -> None:
        """A few at a time: nobody waits for it."""
        some = sa.select(counted_logins.c.attempt_id).where(counted_logins.c.hour < attempts_before)
        few = some.limit(DELETED_AT_ONCE).with_for_update(skip_locked=True).cte()
        while await self._delete(counted_logins.c.attempt_id.in_(sa.select(few))) == DELETED_AT_ONCE:
            pass
        async with transaction(self._engine) as connection:
            await connection.execute(sa.delete(login_hours).where(_of.hour < hours_before))

    async def _delete(self, which: sa.ColumnElement[bool]) -> int:
        async with transaction(self._engine) as connection:
            return (await connection.execute(sa.delete(counted_logins).where(which))).rowcount
