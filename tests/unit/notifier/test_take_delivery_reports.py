"""A batch of reports: told once, in any order, and only remembered as told once it was."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest

from services.notifier.domain.suppression import Cause
from services.notifier.use_cases.take_delivery_reports import TakeDeliveryReports
from shared.events import EmailOutcome, Outcome
from shared.unavailable import DependencyUnavailable
from tests.unit.notifier.fakes import ADDRESS, NOW, FakeAccounts, FakeKafka
from tests.unit.notifier.reports import SIGNED, FakeSuppressions, FakeTold, labels, one_by_one, sendgrid_event
from tests.wait_until import wait_until


@dataclass
class Desk:
    told: FakeTold = field(default_factory=FakeTold)
    suppressions: FakeSuppressions = field(default_factory=FakeSuppressions)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    kafka: FakeKafka = field(default_factory=FakeKafka)

    def __post_init__(self) -> None:
        self.take = self.telling(self.publish)

    def telling(self, publish: Callable[[EmailOutcome], Awaitable[None]]) -> TakeDeliveryReports:
        return TakeDeliveryReports(self.told, self.suppressions, self.accounts.tell(), one_by_one(publish), SIGNED.read)

    async def publish(self, event: EmailOutcome) -> None:
        await self.kafka.publish(event)


async def test_a_delivery_becomes_an_outcome_of_the_events_own_time() -> None:
    desk, ours = Desk(), labels(attempt=2)
    then = NOW - timedelta(minutes=3)
    await desk.take([sendgrid_event("delivered", ours, timestamp=int(then.timestamp()))])
    assert desk.kafka.published == [
        EmailOutcome(
            message_id=ours.message_id,
            account_id=ours.account_id,
            challenge_id=ours.challenge_id,
            kind="passcode",
            region="emea",
            provider="sendgrid",
            outcome=Outcome.DELIVERED,
            attempt=2,
            at=then,
        )
    ]


async def test_forty_six_copies_in_one_batch_in_many_and_at_once_are_one_outcome() -> None:
    desk, event = Desk(), sendgrid_event()
    await desk.take([event] * 6)
    for _ in range(10):
        await desk.take([event])
    await asyncio.gather(*(desk.take([event]) for _ in range(30)))
    assert len(desk.kafka.published) == 1


async def test_a_copy_that_comes_while_it_is_told_is_answered_only_once_it_was() -> None:
    desk, event, may_go_on = Desk(), sendgrid_event(), asyncio.Event()

    async def slow(outcome: EmailOutcome) -> None:
        await may_go_on.wait()
        await desk.kafka.publish(outcome)

    first = asyncio.create_task(desk.telling(slow)([event]))
    await wait_until(lambda: event["sg_event_id"] in desk.told.known)
    second = asyncio.create_task(desk.take([event]))
    await asyncio.wait([second], timeout=0.25)
    assert not second.done()
    may_go_on.set()
    await asyncio.gather(first, second)
    assert len(desk.kafka.published) == 1


async def test_a_copy_whose_teller_died_is_to_come_again_until_the_lease_is_over() -> None:
    desk, event = Desk(), sendgrid_event()
    desk.told.known[event["sg_event_id"]] = "a dead one"
    with pytest.raises(DependencyUnavailable):
        await desk.take([event])
    assert desk.kafka.published == []


async def test_without_kafka_the_batch_must_come_again_and_then_leads_to_its_outcomes() -> None:
    desk, events = Desk(), [sendgrid_event(), sendgrid_event("deferred")]
    desk.kafka.down = True
    with pytest.raises(DependencyUnavailable, match="kafka"):
        await desk.take(events)
    desk.kafka.down = False
    await desk.take(events)
    await desk.take(events)
    assert [each.outcome for each in desk.kafka.published] == [Outcome.DELIVERED, Outcome.DEFERRED]


async def test_of_a_batch_that_was_told_in_part_the_rest_is_told_the_next_time() -> None:
    desk, events = Desk(), [sendgrid_event() for _ in range(10)]

    async def some(outcome: EmailOutcome) -> None:
        if len(desk.kafka.published) == 4:
            raise DependencyUnavailable("kafka")
        await desk.kafka.publish(outcome)

    with pytest.raises(DependencyUnavailable):
        await desk.telling(some)(events)
    await desk.take(events)
    assert len(desk.kafka.published) == 10
    assert len({each.id for each in desk.kafka.published}) == 10


@pytest.mark.parametrize("verb", ["take", "settle"])
async def test_without_redis_the_batch_must_come_again(verb: str) -> None:
    desk = Desk()
    desk.told.down = {verb}
    with pytest.raises(DependencyUnavailable, match="redis"):
        await desk.take([sendgrid_event()])


async def test_a_bounce_puts_the_address_on_the_list_before_it_is_told() -> None:
    desk, event = Desk(), sendgrid_event("bounce", type="bounce")
    desk.suppressions.down = True
    with pytest.raises(DependencyUnavailable):
        await desk.take([event])
    assert desk.kafka.published == []
    desk.suppressions.down = False
    await desk.take([event])
    assert len(desk.kafka.published) == 1
    found = await desk.suppressions.of(ADDRESS)
    assert found is not None
    assert (found.cause, found.since) == (Cause.BOUNCED, NOW)


async def test_deliveries_deferrals_and_blocks_leave_the_list_alone() -> None:
    desk = Desk()
    events = [sendgrid_event("delivered"), sendgrid_event("deferred"), sendgrid_event("bounce", type="blocked")]
    await desk.take(events)
    assert len(desk.kafka.published) == 3
    assert desk.suppressions.listed == {}


async def test_a_bounce_of_somebody_elses_mail_leaves_the_list_alone() -> None:
    desk = Desk()
    without, forged = {"message_id": None}, {"message_id": str(uuid4())}
    events = [sendgrid_event("bounce", type="bounce", **changes) for changes in (without, forged)]
    await desk.take([*events, "junk", {}, None])
    assert desk.kafka.published == []
    assert desk.suppressions.listed == {}
    assert desk.told.known == {}


async def test_a_spam_report_is_another_fact_than_the_delivery_it_follows() -> None:
    desk, ours = Desk(), labels()
    await desk.take([sendgrid_event("delivered", ours), sendgrid_event("spamreport", ours)])
    delivered, complained = desk.kafka.published
    assert delivered.outcome is complained.outcome is Outcome.DELIVERED
    assert delivered.id != complained.id
    assert desk.suppressions.listed[ADDRESS].cause is Cause.SPAM_REPORT


async def test_a_batch_of_nothing_asks_nobody() -> None:
    desk = Desk()
    desk.told.down = {"take", "settle"}
    await desk.take([])
    await desk.take([sendgrid_event("processed")])


async def test_whose_mail_came_back_is_told_by_account_and_with_the_end_that_lasts_longest() -> None:
    desk, ours = Desk(), labels()
    await desk.take([sendgrid_event("delivered", labels()), sendgrid_event("spamreport", ours)])
    await desk.take([sendgrid_event("bounce", ours, type="bounce")])
    await wait_until(lambda: len(desk.accounts.told) == 2)
    ends = [(event.account_id, event.region, event.until) for event in desk.accounts.told]
    assert ends == [(ours.account_id, ours.region, NOW + timedelta(days=365))] * 2


async def test_an_old_report_suppresses_no_account() -> None:
    desk = Desk()
    then = int((NOW - timedelta(days=31)).timestamp())
    await desk.take([sendgrid_event("bounce", labels(), type="bounce", timestamp=then)])
    assert desk.accounts.known == {}
