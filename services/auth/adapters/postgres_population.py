"""Accounts counted in PostgreSQL, a page at a time, on a connection of its own that holds the lock of who counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import PostgresDsn
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import accounts, totp_factors
from services.auth.domain.account import AccountStatus
from services.auth.domain.population import PopulationPage
from services.auth.domain.region_policy import COHORTS
from shared.own_session import own_session
from shared.postgres import outages, postgres_engine

COUNTING_LOCK: Final = int.from_bytes(b"gp-count")  # a bigint that nobody else picks by chance

# From one region to the next by the index: the accounts in between are not read.
_REGIONS: Final = sa.text(
    "WITH RECURSIVE found AS ("
    "(SELECT region FROM accounts ORDER BY region LIMIT 1) UNION ALL "
    "SELECT (SELECT region FROM accounts WHERE region > found.region ORDER BY region LIMIT 1) FROM found"
    " WHERE found.region IS NOT NULL"
    ") SELECT region FROM found WHERE region IS NOT NULL"
)

# Other addresses may be fine too: shared/mail_address.py has the last word. Lengths apart: a counted repetition makes
# the pattern slower than all the rest.
_PLAIN: Final = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$"
_SHORT: Final = 64
# The hash as one number, most significant byte first, modulo the cohorts: each byte weighs 256^n modulo the same, which
# together stays below 2^31. PostgreSQL has no wider numbers that are fast.
_COHORT: Final = sa.literal_column(
    f"({' + '.join(f'get_byte(hash, {n}) * {pow(256, 31 - n, COHORTS)}' for n in range(32))}) % {COHORTS}", sa.Integer
)


def _step(select: "sa.Select[Any]", name: str) -> sa.CTE:
    """Computed once for each account, in this order: the planner takes the accounts of a page for many more."""
    return select.cte(name).prefix_with("MATERIALIZED")


_read = _step(
    sa.select(accounts.c.id, accounts.c.email, accounts.c.sso, accounts.c.own_mfa, accounts.c.status)
    .where(accounts.c.region == sa.bindparam("region"), accounts.c.id > sa.bindparam("after"))
    .order_by(accounts.c.id)
    .limit(sa.bindparam("limit")),
    "read",
)
_TOTP: Final = sa.exists().where(totp_factors.c.account_id == _read.c.id, totp_factors.c.state == "confirmed")
# As services/auth/domain/decision.py looks at an account.
_STANDING: Final = sa.case(
    (_read.c.sso, "sso"),
    (_read.c.status != AccountStatus.ACTIVE, "locked"),
    (_TOTP, "totp"),
    (_read.c.own_mfa, "own_mfa"),
    else_="concerned",
)
_page = _step(sa.select(_read.c.id, _read.c.email, _STANDING.label("standing")), "page")
_salted = sa.cast(sa.bindparam("salt"), sa.Text) + sa.cast(_page.c.id, sa.Text)
_hashed = _step(
    sa.select(_page.c.email, sa.func.sha256(sa.func.convert_to(_salted, "UTF8")).label("hash")).where(
        _page.c.standing == "concerned"
    ),
    "hashed",
)
_odd = sa.or_(sa.func.length(_hashed.c.email) > _SHORT, sa.not_(_hashed.c.email.regexp_match(_PLAIN)))
_placed = _step(sa.select(_hashed.c.email, _COHORT.label("cohort"), _odd.label("odd")), "placed")
# NULL where there are none.
_concerned = sa.select(
    sa.func.array_agg(_placed.c.cohort, type_=ARRAY(sa.Integer)).label("cohorts"),
    sa.func.array_agg(_placed.c.cohort, type_=ARRAY(sa.Integer)).filter(_placed.c.odd).label("odd_cohorts"),
    sa.func.array_agg(_placed.c.email, type_=ARRAY(sa.Text)).filter(_placed.c.odd).label("odd_addresses"),
).subquery()
_exempt = sa.select(
    *(
        sa.func.count().filter(_page.c.standing == standing).label(standing)
        for standing in ("sso", "locked", "totp", "own_mfa")
    ),
    sa.select(_page.c.id).order_by(_page.c.id.desc()).limit(1).scalar_subquery().label("last"),
).subquery()
_PAGE: Final = sa.select(_exempt, _concerned).select_from(_exempt.join(_concerned, sa.true()))


class PostgresPopulation:
    """Every verb raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def regions(self) -> list[str]:
        with outages():
            return list(await self._connection.scalars(_REGIONS))

    async def page(self, region: str, salt: str, after: UUID, limit: int) -> PopulationPage:
        values = {"region": region, "salt": salt, "after": after, "limit": limit}
        with outages():
            row = (await self._connection.execute(_PAGE, values)).one()
        return PopulationPage(
            last=row.last,
            sso=row.sso,
            locked=row.locked,
            totp=row.totp,
            own_mfa=row.own_mfa,
            cohorts=row.cohorts or (),
            odd=list(zip(row.odd_cohorts or (), row.odd_addresses or (), strict=True)),
        )


class PostgresCountingTurns:
    """`url` must lead to PostgreSQL itself or to a pooler in session mode: the lock belongs to a session."""

    def __init__(self, url: PostgresDsn | str) -> None:
        self._engine = postgres_engine(url, pool_size=1)

    @asynccontextmanager
    async def lead(self) -> AsyncIterator[PostgresPopulation | None]:
        """Each statement runs on the connection that holds the lock: an answer proves that it is still held."""
        async with own_session(self._engine) as connection:
            ours = await connection.scalar(sa.select(sa.func.pg_try_advisory_lock(COUNTING_LOCK)))
            yield PostgresPopulation(connection) if ours else None

    async def close(self) -> None:
        await self._engine.dispose()
