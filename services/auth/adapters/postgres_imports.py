"""Imports of accounts in PostgreSQL: each batch is one transaction with the checkpoint after it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.postgres_accounts import account_row
from services.auth.adapters.tables import account_import_problems, account_imports, accounts
from services.auth.domain.account import Account
from services.auth.domain.account_import import BadLine, ImportProgress
from services.auth.domain.audit import Action, AuditEntry
from services.auth.use_cases.import_accounts import Batch
from shared.postgres import outages, transaction

_COLUMNS: Final = (
    "id", "username", "username_key", "email", "region", "locale", "password_hash", "sso", "own_mfa", "status",
    "registered_at",
)  # fmt: skip


def _insert_columns(table: sa.Table, names: Sequence[str]) -> Any:
    """INSERT of many rows with one parameter a column: the statement is the same for any number of rows."""
    columns = [table.c[name] for name in names]
    given = sa.func.unnest(*(sa.bindparam(column.name, type_=ARRAY(column.type)) for column in columns))
    rows = given.table_valued(*(sa.column(column.name, column.type) for column in columns)).render_derived()
    return insert(table).from_select(list(names), sa.select(*rows.c))


_ADD_ACCOUNTS = _insert_columns(accounts, _COLUMNS).on_conflict_do_nothing(index_elements=["username_key"])
_BEGIN = insert(account_imports).on_conflict_do_nothing()
_FIND = sa.select(
    account_imports.c.lines_done.label("lines"),
    account_imports.c.bytes_done.label("bytes"),
    account_imports.c.added,
    account_imports.c.present,
    account_imports.c.bad,
    account_imports.c.finished_at.is_not(None).label("finished"),
).where(account_imports.c.id == sa.bindparam("import_id"))
_PROBLEMS = (
    sa.select(account_import_problems.c.line, account_import_problems.c.fields)
    .where(
        account_import_problems.c.import_id == sa.bindparam("import_id"),
        account_import_problems.c.line > sa.bindparam("after_line"),
    )
    .order_by(account_import_problems.c.line)
    .limit(sa.bindparam("limit"))
)


class PostgresImports:
    """Who goes on with an import compares and sets its checkpoint, under the row's lock: of two at once one finds it
    moved and stops. Nothing has to be unlocked after a crash, and a caller that comes back need not wait until the
    connection that it lost is known to be dead."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, import_id: str, actor: str, at: datetime) -> ImportProgress:
        async with transaction(self._engine) as connection:
            values = {"id": import_id, **_counts(ImportProgress()), "started_at": at}
            await connection.execute(_BEGIN, values)
            found = (await connection.execute(_FIND, {"import_id": import_id})).one()
            if not found.finished:  # now, not at the end: accounts are added by an import that is broken off as well
                detail = {"import_id": import_id, "from_line": found.lines}
                await record(connection, AuditEntry(actor, Action.IMPORT_BEGUN, None, detail=detail), at)
            return ImportProgress(**found._mapping)

    async def find(self, import_id: str) -> ImportProgress | None:
        with outages():
            async with self._engine.connect() as connection:
                row = (await connection.execute(_FIND, {"import_id": import_id})).one_or_none()
        return ImportProgress(**row._mapping) if row else None

    async def problems(self, import_id: str, after_line: int, limit: int) -> list[BadLine]:
        values = {"import_id": import_id, "after_line": after_line, "limit": limit}
        with outages():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_PROBLEMS, values)).all()
        return [BadLine(row.line, tuple(row.fields)) for row in rows]

    async def take(
        self, import_id: str, before: ImportProgress, batch: Batch, accounts: Sequence[tuple[Account, str]]
    ) -> ImportProgress | None:
        async with transaction(self._engine) as connection:
            if await _moved(connection, import_id, before):
                return None
            added = await _add(connection, accounts)
            await _note(connection, import_id, batch.bad)
            after = ImportProgress(
                lines=before.lines + batch.lines,
                bytes=before.bytes + batch.bytes,
                added=before.added + added,
                present=before.present + len(accounts) - added,
                bad=before.bad + len(batch.bad),
            )
            await _move(connection, import_id, _counts(after) | {"finished_at": None})
            return after

    async def finish(self, import_id: str, before: ImportProgress, actor: str, at: datetime) -> ImportProgress | None:
        async with transaction(self._engine) as connection:
            if await _moved(connection, import_id, before):
                return None
            if before.finished:
                return before
            await _move(connection, import_id, {"finished_at": at})
            counts = {"lines": before.lines, "added": before.added, "present": before.present, "bad": before.bad}
            entry = AuditEntry(actor, Action.ACCOUNTS_IMPORTED, None, detail={"import_id": import_id, **counts})
            await record(connection, entry, at)
            return ImportProgress(**counts, bytes=before.bytes, finished=True)


async def _moved(connection: AsyncConnection, import_id: str, before: ImportProgress) -> bool:
    """Whether somebody else went on with it; it stays where it is until this transaction ends."""
    row = (await connection.execute(_FIND.with_for_update(), {"import_id": import_id})).one()
    return ImportProgress(**row._mapping) != before


async def _move(connection: AsyncConnection, import_id: str, values: Mapping[str, Any]) -> None:
    await connection.execute(sa.update(account_imports).where(account_imports.c.id == import_id).values(**values))


async def _add(connection: AsyncConnection, new: Sequence[tuple[Account, str]]) -> int:
    """How many were new. In the order of their keys: two imports at once wait for each other and never both."""
    if not new:
        return 0
    rows = sorted((account_row(account, username) for account, username in new), key=lambda row: row["username_key"])
    result = await connection.execute(_ADD_ACCOUNTS, {name: [row[name] for row in rows] for name in _COLUMNS})
    return result.rowcount


async def _note(connection: AsyncConnection, import_id: str, bad: Sequence[BadLine]) -> None:
    if bad:
        rows = [{"import_id": import_id, "line": each.line, "fields": list(each.fields)} for each in bad]
        await connection.execute(account_import_problems.insert(), rows)


def _counts(progress: ImportProgress) -> dict[str, int]:
    return {
        "lines_done": progress.lines,
        "bytes_done": progress.bytes,
        "added": progress.added,
        "present": progress.present,
        "bad": progress.bad,
    }
