"""What only PostgreSQL can be asked: the schema, the audit that nobody rewrites, and the login's one SELECT."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.postgres_accounts import _FIND, _FIND_BY_ID
from services.auth.adapters.tables import metadata
from services.auth.domain.audit import SYSTEM, Action, AuditEntry
from shared.postgres import transaction
from tests.fakes import NOW

MANY_ACCOUNTS = """
INSERT INTO accounts (id, username, username_key, email, region, locale, status)
SELECT gen_random_uuid(), 'user-' || n, 'user-' || n, 'user-' || n || '@example.com', 'emea', 'en', 'active'
FROM generate_series(1, 100000) AS n
"""

MANY_FACTORS = """
INSERT INTO totp_factors (account_id, state, secret, created_at)
SELECT id, 'confirmed', 'sealed', now() FROM accounts LIMIT 20000
"""

MANY_CODES = """
INSERT INTO recovery_codes (account_id, code_hash) SELECT id, sha256(id::text::bytea) FROM accounts LIMIT 20000
"""


@pytest.fixture(scope="module")
async def many_accounts(engine: AsyncEngine) -> AsyncEngine:
    async with engine.connect() as connection:
        for statement in (MANY_ACCOUNTS, MANY_FACTORS, MANY_CODES, "ANALYZE"):
            await connection.execute(sa.text(statement))
    return engine


async def test_the_migrations_make_the_tables_that_the_code_expects(engine: AsyncEngine) -> None:
    def differences(connection: sa.Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.parametrize(
    "rewriting", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE false", "TRUNCATE audit"]
)
async def test_the_audit_is_not_rewritten(engine: AsyncEngine, rewriting: str) -> None:
    async with transaction(engine) as connection:
        await record(connection, AuditEntry(SYSTEM, Action.KEYS_ROTATED, None), NOW)
    with pytest.raises(DBAPIError, match="append-only"):
        async with transaction(engine) as connection:
            await connection.execute(sa.text(rewriting))
    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM audit WHERE actor = 'system'")) >= 1


async def test_what_is_rolled_back_is_not_in_the_audit(engine: AsyncEngine) -> None:
    account_id = uuid4()
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="READ COMMITTED")
        await record(connection, AuditEntry(SYSTEM, Action.ACCOUNT_LOCKED, account_id), NOW)
        await connection.rollback()
    async with engine.connect() as connection:
        found = await connection.scalar(
            sa.text("SELECT count(*) FROM audit WHERE account_id = :id"), {"id": account_id}
        )
    assert found == 0


@pytest.mark.parametrize(
    ("statement", "values", "index"),
    [(_FIND, {"key": "user-77777"}, "accounts_username_key_key"), (_FIND_BY_ID, {"id": uuid4()}, "accounts_pkey")],
    ids=["by name", "by id"],
)
async def test_among_100_000_accounts_a_login_finds_its_own_by_an_index(
    many_accounts: AsyncEngine, statement: "sa.Select[Any]", values: dict[str, Any], index: str
) -> None:
    prepared = statement.params(values).compile(many_accounts.sync_engine)
    parameters = tuple(prepared.params[name] for name in prepared.positiontup or ())
    async with many_accounts.connect() as connection:
        plan = "\n".join(row[0] for row in await connection.exec_driver_sql(f"EXPLAIN {prepared}", parameters))

    assert f"Index Scan using {index} on accounts" in plan
    assert "Seq Scan" not in plan
