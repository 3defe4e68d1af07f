"""A step from one revision of a row to the next: by whoever comes first."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection


async def claim(connection: AsyncConnection, table: sa.Table, before: int | None, row: dict[str, Any]) -> bool:
    """`before`: the revision that was seen; None: `row` is new. False: it does not stand there, or its id is taken.

    Locks the row until the commit.
    """
    if before is None:
        made: sa.Executable = (
            insert(table).values(row).on_conflict_do_nothing(index_elements=["id"]).returning(table.c.id)
        )
    else:
        standing = (table.c.id == row["id"], table.c.revision == before)
        made = sa.update(table).where(*standing).values(row).returning(table.c.id)
    return (await connection.execute(made)).one_or_none() is not None
