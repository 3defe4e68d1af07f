"""The wrong codes of an account, per factor, in PostgreSQL."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from weakref import WeakValueDictionary

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.tables import factor_guesses
from services.auth.domain.factor import Method
from services.auth.domain.guess_budget import GuessBudget
from services.auth.use_cases.verify_challenge import TooManyAttempts, Wrong
from shared.postgres import outages

_row = factor_guesses.c


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to look at one code, until the transaction ends. Others for this account and factor wait for it."""

    connection: AsyncConnection
    account_id: UUID
    guesses: "FactorGuesses"
    wrong_at: list[datetime]

    def refusal(self, now: datetime) -> TooManyAttempts | None:
        """Whether no code may be looked at."""
        retry_at = self.guesses.budget.retry_at(self.wrong_at, now)
        return TooManyAttempts(retry_at) if retry_at else None

    async def wrong(self, now: datetime) -> Wrong:
        """The code was wrong: it counts."""
        budget = self.guesses.budget
        wrong_at = [*budget.counting(self.wrong_at, now), now]
        mine = sa.and_(_row.account_id == self.account_id, _row.method == self.guesses.method)
        await self.connection.execute(factor_guesses.update().where(mine).values(wrong_at=wrong_at))
        return Wrong(budget.remaining(wrong_at, now))


@dataclass(frozen=True, slots=True)
class FactorGuesses:
    """Of one factor. A row lock makes parallel calls take turns: none looks at a code that another's count forbids."""

    method: Method
    budget: GuessBudget
    _queues: WeakValueDictionary[UUID, asyncio.Lock] = field(
        default_factory=WeakValueDictionary, repr=False, compare=False
    )

    def queue(self, account_id: UUID) -> asyncio.Lock:
        """To be held around the transaction of a turn: who waits here holds no connection, who waits for a row does.

        Of this process, and there for as long as somebody is in it.
        """
        return self._queues.setdefault(account_id, asyncio.Lock())

    async def spent(self, engine: AsyncEngine, account_id: UUID, now: datetime) -> TooManyAttempts | None:
        """Known without a turn: who has used up the guesses makes nobody wait, and no connection either."""
        known = sa.select(_row.wrong_at).filter_by(account_id=account_id, method=self.method.value)
        with outages():
            async with engine.connect() as connection:
                wrong_at = await connection.scalar(known)
        retry_at = self.budget.retry_at(wrong_at or (), now)
        return TooManyAttempts(retry_at) if retry_at else None

    async def turn(self, connection: AsyncConnection, account_id: UUID) -> Turn:
        """`connection` is in a transaction."""
        row = {"account_id": account_id, "method": self.method.value}
        await connection.execute(insert(factor_guesses).values(**row, wrong_at=[]).on_conflict_do_nothing())
        locked = sa.select(_row.wrong_at).filter_by(**row).with_for_update()
        return Turn(connection, account_id, self, (await connection.execute(locked)).scalar_one())
