"""A session of PostgreSQL for its advisory locks: they end with it, whatever becomes of who took them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.unavailable import DependencyUnavailable

# The server ends the session of a leader whose machine is gone after 10 + 3 * 5 s; its default is two hours.
_NOTICE_A_DEAD_PEER: Final = sa.select(
    sa.func.set_config("tcp_keepalives_idle", "10", False),
    sa.func.set_config("tcp_keepalives_interval", "5", False),
    sa.func.set_config("tcp_keepalives_count", "3", False),
)


@asynccontextmanager
async def own_session(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that is closed at the end, with all its locks. Raises DependencyUnavailable, then or later, when it
    breaks."""
    try:
        async with engine.connect() as connection:
            try:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(_NOTICE_A_DEAD_PEER)
                yield connection
            finally:
                await connection.invalidate()  # not pooled: a lock ends with its session
    except (DBAPIError, OSError) as error:
        raise DependencyUnavailable("postgres") from error
