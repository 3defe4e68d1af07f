"""Instances that are forgotten, in PostgreSQL: each is one transaction with its event and its entry in the audit."""

from sqlalchemy.ext.asyncio import AsyncEngine

from services.rollout.adapters.postgres_audit import record
from services.rollout.adapters.postgres_outbox import append
from services.rollout.domain.audit import Deed
from shared.events import InstanceForgotten
from shared.postgres import transaction


class PostgresForgotten:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def write(self, event: InstanceForgotten, deed: Deed) -> None:
        """Raises: DependencyUnavailable."""
        async with transaction(self._engine) as connection:
            await append(connection, event)
            await record(connection, deed)
