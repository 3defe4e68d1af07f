"""The one place where rollout is put together."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from fastapi import FastAPI

from services.rollout.adapters.postgres_announcements import PostgresAnnouncements
from services.rollout.adapters.postgres_audit import PostgresAudit
from services.rollout.adapters.postgres_changes import PostgresChanges
from services.rollout.adapters.postgres_forgotten import PostgresForgotten
from services.rollout.adapters.postgres_leader import PostgresLeadership
from services.rollout.adapters.postgres_outbox import PostgresOutbox
from services.rollout.adapters.postgres_pauses import PostgresPauses
from services.rollout.adapters.postgres_plans import PostgresPlans
from services.rollout.adapters.postgres_regions import PostgresRegions
from services.rollout.api.announcements import announcement_routes
from services.rollout.api.audit import audit_routes
from services.rollout.api.change_region import change_route
from services.rollout.api.change_verbs import change_verb_routes
from services.rollout.api.changes import change_routes
from services.rollout.api.plan_verbs import plan_verb_routes
from services.rollout.api.plans import plan_routes
from services.rollout.api.propagation import propagation_routes
from services.rollout.api.read_regions import read_routes
from services.rollout.api.schedule import schedule_route
from services.rollout.domain.propagation import Instances
from services.rollout.domain.verdict import Result, Verdict
from services.rollout.handlers import hear_instances, register_handlers
from services.rollout.settings import RolloutSettings
from services.rollout.use_cases.advance_plans import AdvancePlans
from services.rollout.use_cases.announce import Announce
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.apply_due import ApplyDue
from services.rollout.use_cases.decide_change import DecideChange
from services.rollout.use_cases.decide_plan import DecidePlan
from services.rollout.use_cases.forget_instance import ForgetInstance
from services.rollout.use_cases.hear_instances import HearInstances
from services.rollout.use_cases.propose_change import ProposeChange
from services.rollout.use_cases.propose_plan import ProposePlan
from services.rollout.use_cases.relay_policies import RelayPolicies
from services.rollout.use_cases.scheduler import Scheduler
from services.rollout.use_cases.set_policy import SetPolicy
from services.rollout.use_cases.show_propagation import ShowPropagation
from shared.ending import ended
from shared.events import RegionPolicyChanged
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.operators import Operators
from shared.postgres import postgres_engine


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
    decide, announce = DecideChange(changes, _now), Announce(announcements, _now)
    plans = PostgresPlans(engine)

    def gate(*_: object) -> Verdict:  # until the guard is merged
        return Verdict(result=Result.HOLD, because="no guard yet", as_of=_now())

    decide_plan = DecidePlan(plans, _now)
    advance = AdvancePlans(plans, decide_plan, apply, announce, gate, PostgresPauses(engine))
    leadership = PostgresLeadership(settings.database_url)
    scheduler = Scheduler(leadership, [ApplyDue(changes, apply, decide).round, advance.round], _now)
    set_policy = SetPolicy(changes, regions, apply, _now, uuid4)
    hear = HearInstances(Instances(timedelta(seconds=settings.instance_forgotten_after_s)), _now)
    hear_instances(bus, hear)
    show, forget = ShowPropagation(hear, regions, _now), ForgetInstance(hear, PostgresForgotten(engine), _now)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bus.start()
        forever = relay.run(), scheduler.run(), _stop_waiting(health, show)
        background = [asyncio.create_task(each) for each in forever]
        async with operators:
            yield
        await ended(*background)  # what the relay did not finish waits in the outbox for the next leader
        await bus.stop()
        await outbox.close()
        await leadership.close()
        await engine.dispose()

    health = Health({"postgres": regions.answers, "kafka": bus.healthy})
    app = http_service("Gatepost rollout", health, lifespan)
    app.include_router(change_route(set_policy, operators))
    app.include_router(change_routes(ProposeChange(changes, regions, _now), changes, regions, operators))
    app.include_router(change_verb_routes(decide, apply, operators))
    app.include_router(plan_routes(ProposePlan(plans, _now), plans, advance.course, _now, operators))
    app.include_router(plan_verb_routes(decide_plan, operators))
    app.include_router(audit_routes(audit, operators))
    app.include_router(read_routes(regions, operators))
    app.include_router(propagation_routes(show, forget, operators))
    app.include_router(announcement_routes(announce, announcements, operators))
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
