"""What the notifier says of its mails, as a consumer of Kafka hears it."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from shared.events import EmailOutcome
from shared.kafka import EventBus
from shared.settings import ServiceSettings
from tests.wait_until import wait_until


@dataclass
class Outcomes:
    bus: EventBus
    seen: dict[UUID, list[EmailOutcome]] = field(default_factory=lambda: defaultdict(list))

    async def note(self, event: EmailOutcome) -> None:
        self.seen[event.message_id].append(event)

    def accepted(self, message_id: UUID) -> bool:
        return any(event.outcome == "accepted" for event in self.seen.get(message_id, ()))


@asynccontextmanager
async def listening(kafka: str, name: str) -> AsyncIterator[Outcomes]:
    """Its bus publishes as well."""
    bus = EventBus(name, ServiceSettings(port=1, kafka=kafka, kafka_fetch_wait_ms=50))
    outcomes = Outcomes(bus)
    bus.consume(EmailOutcome, outcomes.note)
    bus.start()
    await wait_until(bus.healthy, 30)
    yield outcomes
    await bus.stop()
