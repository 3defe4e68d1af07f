"""The one place where rollout is put together."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI

from services.rollout.adapters.postgres_announcements import PostgresAnnouncements
from services.rollout.adapters.postgres_outbox import PostgresOutbox
from services.rollout.adapters.postgres_regions import PostgresRegions
from services.rollout.api.announcements import announcement_routes
from services.rollout.api.change_region import change_route
from services.rollout.api.read_regions import read_routes
from services.rollout.api.schedule import schedule_route
from services.rollout.handlers import register_handlers
from services.rollout.settings import RolloutSettings
from services.rollout.use_cases.announce import Announce
from services.rollout.use_cases.change_region import ChangeRegion
from services.rollout.use_cases.relay_policies import RelayPolicies
from shared.credentials import CredentialBook
from shared.ending import ended
from shared.events import RegionPolicyChanged
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.postgres import postgres_engine


def build(settings: RolloutSettings) -> FastAPI:
    engine = postgres_engine(settings.database_url)
    regions, announcements = PostgresRegions(engine), PostgresAnnouncements(engine)
    outbox = PostgresOutbox(settings.database_url)
    bus = EventBus("rollout", settings)
    relay = RelayPolicies(outbox, bus.publisher)
    bus.follow(RegionPolicyChanged, relay.saw, relay.saw_unreadable)
    register_handlers(bus)
    change = ChangeRegion(regions, _now, _new_salt)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bus.start()
        relaying = asyncio.create_task(relay.run())
        yield
        await ended(relaying)  # what it did not finish waits in the outbox for the next leader
        await bus.stop()
        await outbox.close()
        await engine.dispose()

    app = http_service("Gatepost rollout", Health({"postgres": regions.answers, "kafka": bus.healthy}), lifespan)
    operators = CredentialBook.parse(settings.operators.get_secret_value())
    app.include_router(change_route(change, operators))
    app.include_router(read_routes(regions, operators))
    app.include_router(announcement_routes(Announce(announcements, _now), announcements, operators))
    app.include_router(schedule_route(regions, _now))
    return app


def _now() -> datetime:
    return datetime.now(UTC)


def _new_salt() -> str:
    return secrets.token_urlsafe(16)
