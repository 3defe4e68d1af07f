"""Regions in PostgreSQL. A version, its history and its event are one transaction; changes alone make versions
(postgres_changes.py)."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.rollout.adapters.postgres_outbox import append
from services.rollout.adapters.region_rows import STANDING, region_in, version_row
from services.rollout.adapters.tables import region_versions, regions
from services.rollout.domain.region import Region
from shared.events import Event
from shared.postgres import transaction


async def write_version(connection: AsyncConnection, region: Region, event: Event) -> bool:
    """In the transaction of `connection`; False: the region does not stand at the version before.

    Its row is locked until the commit, so events of one region enter the outbox in order.
    """
    if region.version == 1:
        row = {"name": region.name, "salt": region.salt, "version": region.version}
        claim: sa.Executable = insert(regions).values(row).on_conflict_do_nothing().returning(regions.c.name)
    else:
        before = (regions.c.name == region.name, regions.c.version == region.version - 1)
        claim = sa.update(regions).where(*before).values(version=region.version).returning(regions.c.name)
    if (await connection.execute(claim)).one_or_none() is None:
        return False
    await connection.execute(sa.insert(region_versions).values(version_row(region)))
    await append(connection, event)
    return True


class PostgresRegions:
    """Every method raises DependencyUnavailable while PostgreSQL is not there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, name: str) -> Region | None:
        async with transaction(self._engine) as connection:
            row = (await connection.execute(STANDING.where(regions.c.name == name))).one_or_none()
        return None if row is None else region_in(row)

    async def all(self) -> list[Region]:
        """Every region, by name."""
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(STANDING.order_by(regions.c.name))).all()
        return [region_in(row) for row in rows]

    async def history(self, name: str) -> list[Region]:
        """Every version there ever was, oldest first."""
        versions = sa.select(regions.c.name, regions.c.salt, region_versions).join(
            region_versions, region_versions.c.region == regions.c.name
        )
        chosen = versions.where(regions.c.name == name).order_by(region_versions.c.version)
        async with transaction(self._engine) as connection:
            return [region_in(row) for row in (await connection.execute(chosen)).all()]

    async def at_version(self, name: str, version: int) -> Region | None:
        history = await self.history(name)
        return next((region for region in history if region.version == version), None)

    async def answers(self) -> bool:
        """Whether the tables can be read: a database that nobody migrated is not ready."""
        async with transaction(self._engine) as connection:
            await connection.execute(sa.select(regions.c.name).limit(1))
        return True
