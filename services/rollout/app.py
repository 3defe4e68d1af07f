"""Rollout as a service: its HTTP, and what runs behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.rollout.api.announcements import announcement_routes
from services.rollout.api.audit import audit_routes
from services.rollout.api.change_region import change_route
from services.rollout.api.change_verbs import change_verb_routes
from services.rollout.api.changes import change_routes
from services.rollout.api.pauses import pause_routes
from services.rollout.api.plan_verbs import plan_verb_routes
from services.rollout.api.plans import plan_routes
from services.rollout.api.previews import preview_routes
from services.rollout.api.propagation import propagation_routes
from services.rollout.api.read_regions import read_routes
from services.rollout.api.region_logins import region_logins_route
from services.rollout.api.rollout_events import rollout_event_routes
from services.rollout.api.schedule import schedule_route
from services.rollout.parts import Parts, now
from services.rollout.settings import RolloutSettings
from services.rollout.stores import Stores
from shared.ending import ended
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.operators import Operators


def build(settings: RolloutSettings) -> FastAPI:
    stores, bus, operators = Stores(settings), EventBus("rollout", settings), Operators(settings)
    parts = Parts(settings, stores, bus)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bus.start()
        background = [asyncio.create_task(each) for each in (*parts.work(), _stop_waiting(health, parts))]
        async with operators:
            yield
        await ended(*background)
        await bus.stop()
        await stores.close()

    health = Health({"postgres": stores.regions.answers, "kafka": bus.healthy})
    app = http_service("Gatepost rollout", health, lifespan)
    app.include_router(change_route(parts.set_policy, operators))
    app.include_router(change_routes(parts.propose, stores.changes, stores.regions, operators))
    app.include_router(change_verb_routes(parts.decide, parts.apply, operators))
    app.include_router(plan_routes(parts.propose_plan, stores.plans, parts.advance.course, now, operators))
    app.include_router(plan_verb_routes(parts.decide_plan, operators))
    app.include_router(pause_routes(parts.pause, parts.guard, operators))
    app.include_router(preview_routes(parts.preview, operators))
    app.include_router(audit_routes(stores.audit, operators))
    app.include_router(read_routes(stores.regions, operators))
    app.include_router(region_logins_route(stores.logins, stores.regions, operators, now))
    app.include_router(propagation_routes(parts.propagation, parts.forget_instance, operators))
    app.include_router(rollout_event_routes(parts.follow, operators))
    app.include_router(announcement_routes(parts.announce, stores.announcements, operators))
    app.include_router(schedule_route(stores.regions, now))
    return app


async def _stop_waiting(health: Health, parts: Parts) -> None:
    await health.stopping.wait()
    parts.stop_waiting()
