"""What the accounts' password hashes cost, in PostgreSQL."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.postgres import outages

SAMPLE: Final = 50_000

# A hash up to its salt. Of a large table some pages, always the same: instances agree and no login waits for a scan.
_COUNT: Final = sa.text(r"""
    SELECT CASE WHEN password_hash LIKE '$2_$%' THEN left(password_hash, 7)
                ELSE regexp_replace(password_hash, '[^$]*[$][^$]*$', '') END AS cost, count(*) AS accounts
    FROM accounts TABLESAMPLE SYSTEM (
        least(100, 100.0 * :sample / greatest((SELECT reltuples FROM pg_class WHERE oid = 'accounts'::regclass), 1))
    ) REPEATABLE (0)
    WHERE password_hash IS NOT NULL
    GROUP BY cost
""").bindparams(sample=SAMPLE)


class PostgresHashCosts:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __call__(self) -> dict[str, int]:
        """How many accounts of a sample have a hash that begins so. Raises: DependencyUnavailable."""
        with outages():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_COUNT)).all()
        return {row.cost: row.accounts for row in rows}
