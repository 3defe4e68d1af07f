"""Events in: what became of mails and logins; and, all of it in every instance, what the instances of auth have
applied, how many accounts there are and which are mailed, and what became of the challenges of the last hours."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from opentelemetry.metrics import CallbackOptions, Observation

from services.rollout.domain.observed_challenges import KEPT_S
from services.rollout.domain.propagation import InstanceState
from services.rollout.domain.verdict import Result
from services.rollout.use_cases.count_logins import CountLogins
from services.rollout.use_cases.count_outcomes import count_outcome
from services.rollout.use_cases.guard_regions import GuardRegions
from services.rollout.use_cases.hear_audience import HearAudience
from services.rollout.use_cases.hear_instances import HearInstances
from services.rollout.use_cases.watch_regions import WatchRegions
from shared.events import (
    AccountSuppressed,
    ChallengeClosed,
    EmailOutcome,
    InstanceForgotten,
    LoginOutcome,
    PolicyApplied,
    ProviderLimitObserved,
    RegionPopulationCounted,
)
from shared.intake import Limits
from shared.kafka import EventBus
from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable

_BACK: Final = timedelta(seconds=KEPT_S)
# Those that come at once are one transaction.
LOGINS_AT_ONCE: Final = Limits(concurrency=500)


def register_handlers(bus: EventBus, count_logins: CountLogins) -> None:
    bus.consume(EmailOutcome, count_outcome)
    bus.consume(LoginOutcome, count_logins, LOGINS_AT_ONCE)


def hear_audience(bus: EventBus, hear: HearAudience) -> None:
    tables = (
        bus.follow(RegionPopulationCounted, hear.counted, hear.unreadable),
        bus.follow(AccountSuppressed, hear.suppressed, hear.unreadable),
        bus.follow(ProviderLimitObserved, hear.observed, hear.unreadable),
    )
    hear.reading(*(table.caught_up for table in tables))


def hear_instances(bus: EventBus, hear: HearInstances) -> None:
    applied = bus.follow(PolicyApplied, hear.heard, hear.unreadable)
    forgotten = bus.follow(InstanceForgotten, hear.forgotten, hear.unreadable)
    hear.reading(applied.caught_up, forgotten.caught_up)

    def instances(_: CallbackOptions) -> Iterable[Observation]:
        try:
            counted = Counter(hear.states())
        except DependencyUnavailable:
            return
        for state in InstanceState:
            yield Observation(counted[state], {"state": state.value})

    meter.create_observable_gauge("gatepost.policy.instances", [instances], description="instances of auth by state")


def watch_regions(bus: EventBus, watch: WatchRegions) -> None:
    watch.reading(
        bus.follow_recent(LoginOutcome, watch.heard_login, _BACK),
        bus.follow_recent(EmailOutcome, watch.heard_mail, _BACK),
        bus.follow_recent(ChallengeClosed, watch.heard_end, _BACK),
    )


def show_guard(guard: GuardRegions) -> None:
    """What the newest round saw, of the instance that makes them."""

    def paused(_: CallbackOptions) -> Iterable[Observation]:
        for name, guarded in guard.seen().items():
            yield Observation(int(guarded.pause is not None), {"region": name})

    def verdicts(_: CallbackOptions) -> Iterable[Observation]:
        for name, guarded in guard.seen().items():
            for result in Result:
                found = int(guarded.verdict.result is result)
                yield Observation(found, {"region": name, "result": result.value})

    meter.create_observable_gauge("gatepost.region.paused", [paused], description="1 while a region is paused")
    meter.create_observable_gauge("gatepost.region.verdict", [verdicts], description="1 for what the guard says of it")
