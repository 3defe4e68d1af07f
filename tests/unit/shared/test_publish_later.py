"""Nobody waits for what is published later, nothing is forgotten while there is room, and every loss is counted."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from services.auth.domain.decision import Decision, Outcome, Reason
from services.auth.use_cases.report_outcomes import ReportOutcomes
from shared.events import LoginOutcome
from shared.publish_later import IN_FLIGHT, PublishLater
from shared.unavailable import DependencyUnavailable
from tests.fakes import NOW, Publisher
from tests.wait_until import wait_until

TRACE: ContextVar[str] = ContextVar("trace")


def outcome() -> LoginOutcome:
    return LoginOutcome(
        attempt_id=uuid4(), account_id=uuid4(), outcome="allowed", reason="region-off", product="editor", at=NOW
    )


@dataclass
class Kafka(Publisher):
    """Publishing takes until `open` is set; `most_at_once` says how many were waiting then."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    traces: dict[UUID, str] = field(default_factory=dict)
    running: int = 0
    most_at_once: int = 0
    refused: int = 0

    async def publish(self, event: LoginOutcome) -> None:  # type: ignore[override]
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        await self.open.wait()
        self.running -= 1
        self.traces[event.attempt_id] = TRACE.get("none")
        self.refused += self.down
        await super().publish(event)


def later(kafka: Publisher, kept: int = 100) -> tuple[PublishLater[LoginOutcome], list[LoginOutcome]]:
    lost: list[LoginOutcome] = []
    return PublishLater(kafka.publish, lost.append, kept, again_s=0.01), lost


async def test_what_could_not_be_published_arrives_when_kafka_is_back() -> None:
    kafka = Kafka(down=True)
    kafka.open.set()
    publish, lost = later(kafka)
    events = [outcome() for _ in range(50)]
    for event in events:
        publish(event)
    await wait_until(lambda: kafka.refused > 2 * IN_FLIGHT)  # each has been tried more than once
    kafka.down = False
    await wait_until(lambda: len(kafka.events) == 50)
    assert {event.id for event in kafka.events} == {event.id for event in events}
    assert lost == []


async def test_a_full_queue_drops_its_oldest_and_says_so() -> None:
    kafka = Publisher(down=True)
    publish, lost = later(kafka, kept=10)
    events = [outcome() for _ in range(IN_FLIGHT + 10 + 3)]
    for event in events:
        publish(event)
    assert lost == events[IN_FLIGHT : IN_FLIGHT + 3]
    kafka.down = False
    await publish.stop(deadline_s=2)
    assert {event.id for event in kafka.events} == {event.id for event in events} - {event.id for event in lost}


async def test_sixteen_are_published_at_once_and_no_more() -> None:
    kafka = Kafka()
    publish, _ = later(kafka)
    for _ in range(40):
        publish(outcome())
    await wait_until(lambda: kafka.running == IN_FLIGHT)
    kafka.open.set()
    await wait_until(lambda: len(kafka.events) == 40)
    assert kafka.most_at_once == IN_FLIGHT


async def test_each_event_is_published_in_the_trace_it_was_given_in() -> None:
    kafka = Kafka()
    publish, _ = later(kafka)
    events = [outcome() for _ in range(IN_FLIGHT + 5)]
    for number, event in enumerate(events):
        token = TRACE.set(f"login-{number}")
        publish(event)
        TRACE.reset(token)
    kafka.open.set()
    await publish.stop(deadline_s=2)
    assert [kafka.traces[event.attempt_id] for event in events] == [f"login-{n}" for n in range(len(events))]


async def test_stopping_publishes_what_is_waiting() -> None:
    kafka = Publisher()
    publish, lost = later(kafka)
    for _ in range(60):
        publish(outcome())
    await publish.stop(deadline_s=2)
    assert len(kafka.events) == 60
    assert lost == []


async def test_stopping_without_kafka_ends_in_time_and_counts_all_that_is_lost() -> None:
    kafka = Publisher(down=True)
    publish, lost = later(kafka)
    events = [outcome() for _ in range(60)]
    for event in events:
        publish(event)
    async with asyncio.timeout(2):
        await publish.stop(deadline_s=0.05)
    assert {event.id for event in lost} == {event.id for event in events}
    assert kafka.events == []


async def test_an_event_that_can_never_be_published_does_not_stop_the_others() -> None:
    kafka, bad = Publisher(), outcome()

    async def publish_one(event: LoginOutcome) -> None:
        if event is bad:
            raise ValueError
        await kafka.publish(event)

    lost: list[LoginOutcome] = []
    publish = PublishLater(publish_one, lost.append)
    for event in (bad, *(outcome() for _ in range(30))):
        publish(event)
    await publish.stop(deadline_s=2)
    assert lost == [bad]
    assert len(kafka.events) == 30


async def test_a_login_outcome_is_reported_without_waiting_for_kafka() -> None:
    kafka = Kafka()
    outcomes = ReportOutcomes(kafka.publish, uuid4, lambda: NOW)
    outcomes.decided(Decision(Outcome.ALLOWED, Reason.REGION_OFF, 7, "emea"), None, "editor")
    assert kafka.events == []
    kafka.open.set()
    await outcomes.stop()
    assert len(kafka.events) == 1


async def test_without_kafka_reporting_an_outcome_raises_nothing() -> None:
    async def refused(_: LoginOutcome) -> None:
        raise DependencyUnavailable("kafka")

    outcomes = ReportOutcomes(refused, uuid4, lambda: NOW, kept=1)
    for _ in range(IN_FLIGHT + 5):
        outcomes.decided(Decision(Outcome.ALLOWED, Reason.REGION_OFF, 7, "emea"), None, "editor")
    await outcomes.stop(deadline_s=0.01)
