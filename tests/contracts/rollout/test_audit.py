"""The audit in PostgreSQL: complete, in order, and touched by nobody unseen."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.rollout.adapters.postgres_audit import PostgresAudit
from services.rollout.adapters.postgres_forgotten import PostgresForgotten
from services.rollout.domain.audit import AuditAction, AuditEntry, Broken, Deed, first_broken
from services.rollout.use_cases.announce import announcement_deed, announcement_event
from services.rollout.use_cases.changes import Written
from shared.postgres import postgres_engine, transaction
from tests.contracts.rollout.conftest import Database
from tests.unit.rollout.heartbeats import A, forgotten
from tests.unit.rollout.samples import RAMP, announcement, applied_change, region


@pytest.fixture
async def engine(migrated_url: str) -> AsyncIterator[AsyncEngine]:
    made = postgres_engine(migrated_url)
    yield made
    await made.dispose()


async def everything(audit: PostgresAudit) -> tuple[list[AuditEntry], Broken | None]:
    head = await audit.head()
    entries = [entry async for entry in audit.up_to(head)]
    return entries, first_broken(entries, head)


async def test_each_change_has_its_entry_and_the_chain_holds_however_they_come(
    postgres_database: Database, engine: AsyncEngine
) -> None:
    names = [f"r{uuid4().hex[:12]}" for _ in range(20)]
    await asyncio.gather(*(postgres_database.make(region(name)) for name in names))
    entries, broken = await everything(PostgresAudit(engine))
    assert broken is None
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.region for entry in entries} >= set(names)


async def test_what_was_not_done_is_not_told(postgres_database: Database, engine: AsyncEngine) -> None:
    audit, name = PostgresAudit(engine), f"r{uuid4().hex[:12]}"
    await postgres_database.make(region(name))
    head = await audit.head()
    assert await postgres_database.changes.write(None, *applied_change(region(name, RAMP, 3))) is Written.REGION_MOVED
    assert await audit.head() == head


async def test_it_is_read_in_pages_and_by_region(postgres_database: Database, engine: AsyncEngine) -> None:
    audit, name = PostgresAudit(engine), f"r{uuid4().hex[:12]}"
    before = (await audit.head()).number
    for version in (1, 2, 3):
        await postgres_database.make(region(name, RAMP, version))
    first = await audit.after(before, 2)
    assert [entry.number for entry in first] == [before + 1, before + 2]
    assert [entry.detail["base_version"] for entry in await audit.after(0, 9, name)] == [0, 1, 2]


async def test_it_tells_announcements_and_forgotten_instances(postgres_database: Database, engine: AsyncEngine) -> None:
    audit, name = PostgresAudit(engine), f"r{uuid4().hex[:12]}"
    await postgres_database.make(region(name))
    before = (await audit.head()).number
    told = announcement_event(announcement(uuid4(), region=name))
    for _ in range(2):
        announced = announcement(told.announcement_id, region=name)
        await postgres_database.announcements.add(announced, told, announcement_deed(told, "rosa"))
    gone = forgotten()
    await PostgresForgotten(engine).write(gone, Deed("ben", AuditAction.INSTANCE_FORGOTTEN, f"instance:{A}", None, {}))
    entries = await audit.after(before, 9)
    assert [(entry.actor, entry.action) for entry in entries] == [("rosa", "announced"), ("ben", "instance-forgotten")]
    assert entries[0].detail == told.model_dump(mode="json")
    async with postgres_database.outbox.session(lambda: None) as session:
        while (pending := await session.next()) and pending.event != gone:
            await session.published(pending)
    assert pending is not None
    assert (await everything(audit))[1] is None


REWRITINGS = {
    "edited": "UPDATE audit SET actor = 'nobody' WHERE number = {middle}",
    "its detail edited": 'UPDATE audit SET detail = detail || \'{{"reason": "none"}}\' WHERE number = {middle}',
    "removed": "DELETE FROM audit WHERE number = {middle}",
    "the last removed": "DELETE FROM audit WHERE number = {last}",
    "put in another order": "UPDATE audit SET number = -number WHERE number IN ({middle}, {last});"
    "UPDATE audit SET number = {middle} + {last} + number WHERE number < 0",
}


@pytest.mark.parametrize("how", REWRITINGS)
async def test_who_may_do_anything_in_the_database_is_found_out(
    how: str, postgres_database: Database, engine: AsyncEngine
) -> None:
    for _ in range(3):
        await postgres_database.make(region(f"r{uuid4().hex[:12]}"))
    audit = PostgresAudit(engine)
    last = (await audit.head()).number
    async with engine.connect() as connection, connection.begin() as undone:
        await connection.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        for statement in REWRITINGS[how].format(middle=last - 1, last=last).split(";"):
            await connection.execute(sa.text(statement))
        rows = (await connection.execute(sa.text("SELECT * FROM audit ORDER BY number"))).all()
        await undone.rollback()
    found = first_broken([AuditEntry(**row._mapping) for row in rows], await audit.head())
    assert isinstance(found, Broken)
    assert found.number >= last - 1
    assert (await everything(audit))[1] is None


async def test_a_transaction_that_reads_the_head_waits_for_the_one_that_writes(engine: AsyncEngine) -> None:
    async with transaction(engine) as writing:
        await writing.execute(sa.text("SELECT 1 FROM audit_head FOR UPDATE"))
        assert (await PostgresAudit(engine).head()).number >= 0  # readers do not wait
