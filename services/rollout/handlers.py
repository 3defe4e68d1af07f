"""Events in: what became of the mails; what the instances of auth have applied, all of it, in every instance."""

from collections import Counter
from collections.abc import Iterable

from opentelemetry.metrics import CallbackOptions, Observation

from services.rollout.domain.propagation import InstanceState
from services.rollout.use_cases.count_outcomes import count_outcome
from services.rollout.use_cases.hear_instances import HearInstances
from shared.events import EmailOutcome, InstanceForgotten, PolicyApplied
from shared.kafka import EventBus
from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable


def register_handlers(bus: EventBus) -> None:
    bus.consume(EmailOutcome, count_outcome)


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
