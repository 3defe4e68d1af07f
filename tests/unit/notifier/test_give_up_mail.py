"""The page is told when no more tries will be made, and never that a mail failed which was sent."""

from datetime import timedelta

from services.notifier.domain.claim import Claimed, SendTerms
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.provider_answer import Unknown
from services.notifier.use_cases.deliver_mail import Delivery
from services.notifier.use_cases.give_up_mail import GiveUpMail
from services.notifier.use_cases.report_outcome import ReportOutcome
from shared.events import Outcome
from tests.clock import Clock
from tests.unit.notifier.fakes import NOW, FakeClaims, FakeKafka, passcode_issued


class World:
    def __init__(self) -> None:
        self.clock, self.kafka, self.due = Clock(NOW), FakeKafka(), MailDue.passcode(passcode_issued())
        self.claims = FakeClaims(SendTerms(), self.clock)
        self.give_up = GiveUpMail(self.claims, ReportOutcome(self.kafka.publish), self.clock)

    async def claim(self) -> int:
        claimed = await self.claims.claim(self.due)
        assert isinstance(claimed, Claimed)
        return claimed.attempt

    @property
    def told(self) -> list[Outcome]:
        return [event.outcome for event in self.kafka.published]


async def test_a_mail_that_was_never_sent_has_failed_and_a_replay_may_still_send_it() -> None:
    w = World()
    await w.give_up(w.due)
    assert w.told == [Outcome.FAILED]
    await w.claim()


async def test_an_expired_event_has_failed() -> None:
    w = World()
    w.clock.advance(timedelta(minutes=11))
    await w.give_up(w.due)
    assert w.told == [Outcome.FAILED]


async def test_a_mail_that_was_accepted_is_accepted() -> None:
    w = World()
    await w.claims.accepted(w.due, await w.claim(), "sendgrid")
    await w.give_up(w.due)
    assert w.told == [Outcome.ACCEPTED]


async def test_after_two_doubtful_sends_nobody_knows() -> None:
    w = World()
    for _ in range(2):
        await w.claims.doubted(w.due, await w.claim(), Delivery("sendgrid", Unknown("no-answer")))
    await w.give_up(w.due)
    assert w.told == [Outcome.UNKNOWN]


async def test_after_one_doubtful_send_nobody_knows_and_a_replay_may_still_send_it_once() -> None:
    w = World()
    await w.claims.doubted(w.due, await w.claim(), Delivery("sendgrid", Unknown("no-answer")))
    await w.give_up(w.due)
    assert [(event.outcome, event.provider) for event in w.kafka.published] == [("unknown", "sendgrid")]
    await w.claim()


async def test_after_a_holder_that_died_nobody_knows_either() -> None:
    w = World()
    await w.claim()
    w.clock.advance(SendTerms().lease)
    await w.give_up(w.due)
    assert [(event.outcome, event.provider) for event in w.kafka.published] == [("unknown", "none")]


async def test_while_somebody_sends_it_nothing_is_said() -> None:
    w = World()
    await w.claim()
    await w.give_up(w.due)
    assert w.told == []


async def test_a_mail_whose_challenge_is_over_was_dropped() -> None:
    w = World()
    assert w.due.challenge_id is not None
    await w.claims.close(w.due.challenge_id)
    await w.give_up(w.due)
    assert w.told == [Outcome.DROPPED]
