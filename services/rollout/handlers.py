"""Events in: what became of mails and logins; what the instances of auth have applied, how many accounts there are and
which are mailed, all of it, in every instance."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from opentelemetry.metrics import CallbackOptions, Observation

from services.rollout.domain.propagation import InstanceState
from services.rollout.use_cases.count_logins import CountLogins
from services.rollout.use_cases.count_outcomes import count_outcome
from services.rollout.use_cases.hear_audience import HearAudience
from services.rollout.use_cases.hear_instances import HearInstances
from shared.events import (
    AccountSuppressed,
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
