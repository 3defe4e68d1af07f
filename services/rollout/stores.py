"""Where rollout keeps things: PostgreSQL."""

from services.rollout.adapters.postgres_announcements import PostgresAnnouncements
from services.rollout.adapters.postgres_audit import PostgresAudit
from services.rollout.adapters.postgres_changes import PostgresChanges
from services.rollout.adapters.postgres_forgotten import PostgresForgotten
from services.rollout.adapters.postgres_leader import PostgresLeadership
from services.rollout.adapters.postgres_logins import PostgresLogins
from services.rollout.adapters.postgres_outbox import PostgresOutbox
from services.rollout.adapters.postgres_pauses import PostgresPauses
from services.rollout.adapters.postgres_plans import PostgresPlans
from services.rollout.adapters.postgres_regions import PostgresRegions
from services.rollout.settings import RolloutSettings
from shared.postgres import postgres_engine


class Stores:
    def __init__(self, settings: RolloutSettings) -> None:
        self._engine = postgres_engine(settings.database_url)
        self.regions = PostgresRegions(self._engine)
        self.changes = PostgresChanges(self._engine)
        self.plans = PostgresPlans(self._engine)
        self.pauses = PostgresPauses(self._engine)
        self.announcements = PostgresAnnouncements(self._engine)
        self.audit = PostgresAudit(self._engine)
        self.forgotten = PostgresForgotten(self._engine)
        self.logins = PostgresLogins(self._engine)
        # Sessions of their own, for their locks.
        self.outbox = PostgresOutbox(settings.database_url)
        self.leadership = PostgresLeadership(settings.database_url)

    async def close(self) -> None:
        await self.outbox.close()
        await self.leadership.close()
        await self._engine.dispose()
