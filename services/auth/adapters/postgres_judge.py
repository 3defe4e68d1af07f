"""Judges a code for a challenge with nothing but PostgreSQL: Kafka, Redis and mail may be away (DESIGN §6)."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.factor_guesses import FactorGuesses
from services.auth.adapters.tables import spent_challenges
from services.auth.domain.challenge import Challenge
from services.auth.use_cases.verify_challenge import Closed, Refusal
from shared.postgres import transaction


class Factor(Protocol):
    async def accept(self, connection: AsyncConnection, account_id: UUID, code: str, now: datetime) -> bool:
        """Whether the code is right; then it is used up with the transaction's end."""


class _SpentMeanwhile(Exception):
    """With another factor: what was done for this one is undone."""


class PostgresJudge:
    """One transaction: the account's turn, then the challenge, the budget, the code."""

    def __init__(
        self, engine: AsyncEngine, guesses: FactorGuesses, factor: Factor, now: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._guesses = guesses
        self._factor = factor
        self._now = now

    async def judge(self, challenge: Challenge, code: str) -> Refusal | None:
        async with self._guesses.queue(challenge.account_id):
            if refusal := await self._guesses.spent(self._engine, challenge.account_id, self._now()):
                return refusal
            try:
                async with transaction(self._engine) as connection:
                    return await self._judge(connection, challenge, code)
            except _SpentMeanwhile:
                return Closed.USED

    async def _judge(self, connection: AsyncConnection, challenge: Challenge, code: str) -> Refusal | None:
        turn = await self._guesses.turn(connection, challenge.account_id)
        now = self._now()  # after the wait
        if await _is_spent(connection, challenge):
            return Closed.USED
        if refusal := turn.refusal(now):
            return refusal
        if not await self._factor.accept(connection, challenge.account_id, code, now):
            return await turn.wrong(now)
        await _spend(connection, challenge)
        return None


async def _is_spent(connection: AsyncConnection, challenge: Challenge) -> bool:
    spent = sa.select(sa.true()).where(spent_challenges.c.challenge_id == challenge.id)
    return bool(await connection.scalar(spent))


async def _spend(connection: AsyncConnection, challenge: Challenge) -> None:
    spent = insert(spent_challenges).values(challenge_id=challenge.id, expires_at=challenge.expires_at)
    added = await connection.scalar(spent.on_conflict_do_nothing().returning(spent_challenges.c.challenge_id))
    if added is None:
        raise _SpentMeanwhile
