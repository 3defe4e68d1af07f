"""The one place where rollout is put together."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from fastapi import FastAPI

from services.rollout.adapters.postgres_announcements import PostgresAnnouncements
from services.rollout.adapters.postgres_audit import PostgresAudit
from services.rollout.adapters.postgres_changes import PostgresChanges
from services.rollout.adapters.postgres_outbox import PostgresOutbox
from services.rollout.adapters.postgres_pauses import PostgresPauses
from services.rollout.adapters.postgres_regions import PostgresRegions
from services.rollout.api.announcements import announcement_routes
from services.rollout.api.audit import audit_routes
from services.rollout.api.change_region import change_route
from services.rollout.api.change_verbs import change_verb_routes
from services.rollout.api.changes import change_routes
from services.rollout.api.pauses import pause_routes
from services.rollout.api.propagation import propagation_routes
from services.rollout.api.read_regions import read_routes
from services.rollout.api.schedule import schedule_route
from services.rollout.domain.observed_challenges import ObservedChallenges
from services.rollout.domain.propagation import Instances
from services.rollout.handlers import hear_instances, register_handlers, show_guard, watch_regions
from services.rollout.settings import RolloutSettings
from services.rollout.use_cases.announce import Announce
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.decide_change import DecideChange
from services.rollout.use_cases.forget_instance import ForgetInstance
from services.rollout.use_cases.guard_regions import GuardRegions
from services.rollout.use_cases.hear_instances import HearInstances
from services.rollout.use_cases.pause_region import PauseRegion
from services.rollout.use_cases.propose_change import ProposeChange
from services.rollout.use_cases.relay_policies import RelayPolicies
from services.rollout.use_cases.set_policy import SetPolicy
from services.rollout.use_cases.show_propagation import ShowPropagation
from services.rollout.use_cases.watch_regions import WatchRegions
from shared.ending import ended
from shared.events import RegionPolicyChanged
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.operators import Operators
from shared.periodic import periodically
from shared.postgres import postgres_engine

GUARD_EVERY_S: Final = 5.0  # the guard's slots are as long


def build(settings: RolloutSettings) -> FastAPI:
    engine = postgres_engine(settings.database_url)
    regions, announcements = PostgresRegions(engine), PostgresAnnouncements(engine)
    outbox = PostgresOutbox(settings.database_url)
    bus = EventBus("rollout", settings)
    relay = RelayPolicies(outbox, bus.publisher)
    bus.follow(RegionPolicyChanged, relay.saw, relay.saw_unreadable)
    register_handlers(bus)
    operators = Operators(settings)
    changes, audit = PostgresChanges(engine), PostgresAudit(engine)
    apply = ApplyChange(changes, regions, _now, _new_salt)
    set_policy = SetPolicy(changes, regions, apply, _now, uuid4)
    hear = HearInstances(Instances(timedelta(seconds=settings.instance_forgotten_after_s)), _now)
    hear_instances(bus, hear)
    watch = WatchRegions(ObservedChallenges(), settings.settling, _now)
    watch_regions(bus, watch)
    pauses = PostgresPauses(engine)
    pause = PauseRegion(pauses, regions, _now, uuid4)
    guard = GuardRegions(watch, regions, pauses, pause, settings.thresholds, _now)
    show_guard(guard)
    show, forget = ShowPropagation(hear, regions, _now), ForgetInstance(hear, bus.publisher.publish, _now)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bus.start()
        work = relay.run(), _stop_waiting(health, show), periodically("guard", GUARD_EVERY_S, guard.round)
        background = [asyncio.create_task(each) for each in work]
        async with operators:
            yield
        await ended(*background)  # what the relay did not finish waits in the outbox for the next leader
        await bus.stop()
        await outbox.close()
        await engine.dispose()

    health = Health({"postgres": regions.answers, "kafka": bus.healthy})
    app = http_service("Gatepost rollout", health, lifespan)
    app.include_router(change_route(set_policy, operators))
    app.include_router(change_routes(ProposeChange(changes, regions, _now), changes, regions, operators))
    app.include_router(change_verb_routes(DecideChange(changes, _now), apply, operators))
    app.include_router(audit_routes(audit, operators))
    app.include_router(read_routes(regions, operators))
    app.include_router(propagation_routes(show, forget, operators))
    app.include_router(pause_routes(pause, guard, operators))
    app.include_router(announcement_routes(Announce(announcements, _now), announcements, operators))
    app.include_router(schedule_route(regions, _now))
    return app


async def _stop_waiting(health: Health, show: ShowPropagation) -> None:
    """Once the service stops: the drain would wait for them to the end of its patience."""
    await health.stopping.wait()
    show.stop_waiting()


def _now() -> datetime:
    return datetime.now(UTC)


def _new_salt() -> str:
    return secrets.token_urlsafe(16)
