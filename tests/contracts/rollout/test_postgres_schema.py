"""What only PostgreSQL can be asked: the schema, rollbacks, traces, and a database that nobody migrated."""

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from opentelemetry import trace
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from services.rollout.adapters.postgres_outbox import PostgresOutbox
from services.rollout.adapters.postgres_regions import PostgresRegions
from services.rollout.adapters.tables import metadata
from services.rollout.domain.change import State
from shared.postgres import asyncpg_url, postgres_engine, transaction
from tests.contracts.rollout.conftest import Database
from tests.unit.rollout.samples import applied_change, region

CAUSE = trace.SpanContext(trace_id=0xC0FFEE, span_id=0xBEEF, is_remote=False, trace_flags=trace.TraceFlags(1))


async def test_the_migrations_make_the_tables_that_the_code_expects(migrated_url: str) -> None:
    def differences(connection: sa.Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    engine = create_async_engine(asyncpg_url(migrated_url))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def test_the_migrate_command_needs_only_the_address_and_may_be_run_again(migrated_url: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEPOST_")}
    environment["GATEPOST_DATABASE_URL"] = migrated_url
    subprocess.run([sys.executable, "-m", "services.rollout", "migrate"], check=True, env=environment)


@pytest.mark.parametrize("table", ["region_versions", "audit"])
@pytest.mark.parametrize("rewriting", ["UPDATE {} SET region = ''", "DELETE FROM {}", "TRUNCATE {}"])
async def test_history_is_not_rewritten(migrated_url: str, rewriting: str, table: str) -> None:
    engine = postgres_engine(migrated_url)
    with pytest.raises(DBAPIError, match="append-only"):
        async with transaction(engine) as connection:
            await connection.execute(sa.text(rewriting.format(table)))
    await engine.dispose()


async def test_a_change_that_cannot_be_told_is_not_made(postgres_database: Database) -> None:
    changed = region(f"r{uuid4().hex[:12]}")
    change, deed, applied = applied_change(changed)
    unwritable = applied.event.model_copy(update={"salt": "\0"})  # PostgreSQL stores no NUL
    with pytest.raises(DBAPIError):
        await postgres_database.changes.write(None, change, deed, replace(applied, event=unwritable))
    assert await postgres_database.changes.find(change.id) is None
    assert await postgres_database.regions.find(changed.name) is None


async def test_an_event_keeps_the_trace_of_the_request_that_caused_it(postgres_database: Database) -> None:
    changed = region(f"r{uuid4().hex[:12]}")
    with trace.use_span(trace.NonRecordingSpan(CAUSE)):
        await postgres_database.make(changed)
    async with postgres_database.outbox.session(lambda: None) as session:
        pending = await session.next()
    assert pending is not None
    assert f"{CAUSE.trace_id:032x}-{CAUSE.span_id:016x}" in pending.trace["traceparent"]


async def test_a_database_that_nobody_migrated_is_not_ready(postgres: Any) -> None:
    engine = postgres_engine(f"{postgres.server_url}postgres")
    with pytest.raises(DBAPIError):
        await PostgresRegions(engine).answers()
    await engine.dispose()


async def test_a_session_on_a_pool_of_one_can_be_opened_again(migrated_url: str) -> None:
    relays = PostgresOutbox(migrated_url)
    for _ in range(3):
        async with relays.session(lambda: None) as session:
            assert await session.lead()
    await relays.close()


@pytest.mark.parametrize(("approver", "may"), [(None, False), ("rosa", False), ("ava", True)])
async def test_the_database_itself_lets_nothing_raise_without_another_persons_name(
    postgres_database: Database, migrated_url: str, approver: str | None, may: bool
) -> None:
    change, deed, _ = applied_change(region(f"r{uuid4().hex[:12]}"))
    await postgres_database.changes.write(None, replace(change, state=State.IN_REVIEW), deed)
    engine = postgres_engine(migrated_url)
    raised = "UPDATE changes SET state = 'applied', direction = 'raises', approved_by = :approver WHERE id = :id"
    try:
        async with transaction(engine) as connection:
            await connection.execute(sa.text(raised), {"approver": approver, "id": change.id})
    except IntegrityError:
        assert not may
    else:
        assert may
    await engine.dispose()
