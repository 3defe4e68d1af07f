"""Events in: what became of the mails."""

from services.rollout.use_cases.count_outcomes import count_outcome
from shared.events import EmailOutcome
from shared.kafka import EventBus


def register_handlers(bus: EventBus) -> None:
    bus.consume(EmailOutcome, count_outcome)
