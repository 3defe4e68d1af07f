"""PostgreSQL through SQLAlchemy and asyncpg, and the migrations that a service runs by an explicit command."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command, context
from alembic.config import Config
from pydantic import PostgresDsn
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.unavailable import DependencyUnavailable

CONNECT_TIMEOUT_S: Final = 2.0
COMMAND_TIMEOUT_S: Final = 3.0


def asyncpg_url(url: PostgresDsn | str) -> str:
    return str(url).replace("postgresql://", "postgresql+asyncpg://", 1)


def postgres_engine(url: PostgresDsn | str, pool_size: int = 10, *, autocommit: bool = False) -> AsyncEngine:
    """An engine that gives up quickly and never puts parameters into an error's text.

    `autocommit` is for single statements: no BEGIN before, no ROLLBACK after, one round trip in all.
    """
    single: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None} if autocommit else {}
    return create_async_engine(
        asyncpg_url(url),
        **single,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_S,
        hide_parameters=True,
        connect_args={"timeout": CONNECT_TIMEOUT_S, "command_timeout": COMMAND_TIMEOUT_S},
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction, committed at the end of the block; on an `autocommit` engine too.

    Raises:
        DependencyUnavailable: the database is not there. Errors of our own making (a violated constraint)
            come through as they are.
    """
    with outages():
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="READ COMMITTED")
            async with connection.begin():
                yield connection


@contextmanager
def outages() -> Iterator[None]:
    """Turns what the driver raises when the database is not there into DependencyUnavailable."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or _is_outage(error.orig):
            raise DependencyUnavailable("postgres") from error
        raise
    except (PoolTimeout, OSError) as error:
        raise DependencyUnavailable("postgres") from error


# Classes 08 connection, 40 rollback (a deadlock, of which somebody is the victim), 53 insufficient resources,
# 57 operator intervention (PostgreSQL, appendix A).
_OUTAGE_CLASSES: Final = ("08", "40", "53", "57")


def _is_outage(error: BaseException | None) -> bool:
    sqlstate = getattr(error, "sqlstate", None) or ""
    cause = error.__cause__ if error is not None else None
    return sqlstate[:2] in _OUTAGE_CLASSES or isinstance(cause, OSError | TimeoutError)


async def postgres_answers(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return True


def migrate(scripts: Path, url: PostgresDsn | str) -> None:
    """Bring the database at `url` to the newest revision in `scripts`, an Alembic directory."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["url"] = asyncpg_url(url)
    command.upgrade(config, "head")


def run_migrations(metadata: MetaData) -> None:
    """The body of every service's Alembic `env.py`."""

    def _run(connection: Connection) -> None:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            # Several instances may start with this command at once; one migrates, the others find it done.
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('gatepost-migrations'))"))
            context.run_migrations()

    async def _connect() -> None:
        engine = create_async_engine(context.config.attributes["url"], hide_parameters=True)
        async with engine.connect() as connection:
            await connection.run_sync(_run)
        await engine.dispose()

    asyncio.run(_connect())
