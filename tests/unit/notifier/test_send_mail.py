"""One mail per message id, and the truth about it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest

from services.notifier.domain.claim import SendTerms
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.mail_routes import MailRoutes
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown
from services.notifier.domain.suppression import Cause
from services.notifier.use_cases.compose_notice_mail import ComposeNoticeMail
from services.notifier.use_cases.compose_passcode_mail import ComposePasscodeMail
from services.notifier.use_cases.deliver_mail import DeliverMail, Patience
from services.notifier.use_cases.mail_ledger import Ledger
from services.notifier.use_cases.report_outcome import ReportOutcome
from services.notifier.use_cases.send_mail import SEND_AGAIN_AFTER, SendMail
from shared.events import NoticeDue, NoticeKind, Outcome, PasscodeIssued
from shared.redelivery import TryLater, Unhandleable
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.unit.notifier.fakes import (
    ADDRESS,
    CODE,
    NOW,
    FakeAccounts,
    FakeClaims,
    FakeKafka,
    FakeProvider,
    FakeSuppressions,
    notice_due,
    passcode_issued,
    sealer,
    unsealer,
)
from tests.unit.notifier.mails import templates
from tests.wait_until import wait_until

TERMS = SendTerms()
TEMPLATES = templates()


def label(due: MailDue, attempt: int) -> dict[str, str]:
    return {"message_id": str(due.message_id), "send_attempt": str(attempt)}


@dataclass
class World:
    clock: Clock
    claims: FakeClaims
    provider: FakeProvider
    other: FakeProvider
    suppressions: FakeSuppressions
    accounts: FakeAccounts
    kafka: FakeKafka
    send_mail: SendMail
    compose_passcode: ComposePasscodeMail
    compose_notice: ComposeNoticeMail

    async def send(self, issued: PasscodeIssued) -> None:
        await self.send_mail(MailDue.passcode(issued), partial(self.compose_passcode, issued))

    async def tell(self, notice: NoticeDue) -> None:
        await self.send_mail(MailDue.notice(notice), partial(self.compose_notice, notice))

    @property
    def outcomes(self) -> list[Outcome]:
        return [event.outcome for event in self.kafka.published]


def world(*answers: ProviderAnswer, other: list[ProviderAnswer] | None = None) -> World:
    """One provider, or another one beside it that has answers of its own."""
    clock = Clock(NOW)
    claims, provider, kafka = FakeClaims(TERMS, clock), FakeProvider(list(answers or [Accepted()])), FakeKafka()
    second, suppressions, accounts = FakeProvider(other or []), FakeSuppressions(), FakeAccounts()
    providers = {"sendgrid": provider, "smtp": second} if other else {"sendgrid": provider}
    deliver = DeliverMail(providers, MailRoutes.parse("", providers), Patience({"sendgrid": 1.5, "smtp": 3}, 8))
    report = ReportOutcome(kafka.publish)
    send = SendMail(Ledger(claims, suppressions, accounts.tell()), deliver, report, label, clock)
    compose = ComposePasscodeMail(unsealer(), TEMPLATES, clock)
    notice = ComposeNoticeMail(unsealer(), TEMPLATES)
    return World(clock, claims, provider, second, suppressions, accounts, kafka, send, compose, notice)


async def test_an_accepted_mail_goes_to_the_sealed_address_with_the_sealed_code() -> None:
    w, issued = world(), passcode_issued()
    await w.send(issued)
    (mail,) = w.provider.sent
    assert mail.to == ADDRESS
    assert CODE in mail.content.text
    (outcome,) = w.kafka.published
    assert (outcome.outcome, outcome.attempt, outcome.at, outcome.provider) == ("accepted", 1, NOW, "sendgrid")
    assert (outcome.message_id, outcome.challenge_id) == (issued.message_id, issued.challenge_id)
    assert (outcome.account_id, outcome.region, outcome.kind) == (issued.account_id, "emea", "passcode")


async def test_a_redelivery_sends_nothing_and_publishes_the_same_outcome_again() -> None:
    w, issued = world(), passcode_issued()
    await w.send(issued)
    w.clock.advance(timedelta(minutes=1))
    await w.send(issued)
    assert len(w.provider.sent) == 1
    first, second = w.kafka.published
    assert first == second
    assert first.id == second.id


async def test_when_kafka_refuses_the_outcome_the_redelivery_publishes_it_without_a_second_mail() -> None:
    w, issued = world(), passcode_issued()
    w.kafka.down = True
    with pytest.raises(DependencyUnavailable):
        await w.send(issued)
    w.kafka.down = False
    await w.send(issued)
    assert len(w.provider.sent) == 1
    assert w.outcomes == [Outcome.ACCEPTED]


async def test_without_redis_nothing_is_sent() -> None:
    w = world()
    w.claims.down = {"claim"}
    with pytest.raises(DependencyUnavailable):
        await w.send(passcode_issued())
    assert w.provider.sent == []
    assert w.outcomes == []


async def test_redis_lost_after_the_send_still_ends_in_an_accepted_outcome() -> None:
    w = world()
    w.claims.down = {"accepted"}
    await w.send(passcode_issued())
    assert len(w.provider.sent) == 1
    assert w.outcomes == [Outcome.ACCEPTED]


async def test_while_another_instance_sends_this_one_waits_for_the_end_of_its_lease() -> None:
    w, issued = world(), passcode_issued()
    await w.claims.claim(MailDue.passcode(issued))
    w.clock.advance(timedelta(seconds=5))
    with pytest.raises(TryLater) as later:
        await w.send(issued)
    assert later.value.delay == TERMS.lease - timedelta(seconds=5)
    assert w.provider.sent == []


async def test_a_claim_whose_holder_died_is_taken_over_after_the_lease() -> None:
    w, issued = world(), passcode_issued()
    await w.claims.claim(MailDue.passcode(issued))
    w.clock.advance(TERMS.lease)
    await w.send(issued)
    assert len(w.provider.sent) == 1
    assert [(event.outcome, event.attempt) for event in w.kafka.published] == [("accepted", 2)]


async def test_after_two_dead_holders_nothing_is_sent_and_the_outcome_is_unknown() -> None:
    w, issued = world(), passcode_issued()
    for _ in range(2):
        await w.claims.claim(MailDue.passcode(issued))
        w.clock.advance(TERMS.lease)
    await w.send(issued)
    assert w.provider.sent == []
    assert w.outcomes == [Outcome.UNKNOWN]


async def test_a_refusal_releases_the_claim_so_that_the_retry_sends_at_once() -> None:
    w, issued = world(Refused("http-503"), Accepted()), passcode_issued()
    with pytest.raises(DependencyUnavailable) as refused:
        await w.send(issued)
    assert refused.value.dependency == "sendgrid"
    assert w.outcomes == []
    await w.send(issued)
    assert [(event.outcome, event.attempt) for event in w.kafka.published] == [("accepted", 2)]


async def test_refusals_never_use_up_the_sends() -> None:
    w, issued = world(*[Refused("http-503")] * 5, Accepted()), passcode_issued()
    for _ in range(5):
        with pytest.raises(DependencyUnavailable):
            await w.send(issued)
    await w.send(issued)
    assert w.outcomes == [Outcome.ACCEPTED]


async def test_the_provider_says_when_to_come_back() -> None:
    w = world(Refused("http-429", retry_after=timedelta(seconds=7)))
    with pytest.raises(TryLater) as later:
        await w.send(passcode_issued())
    assert later.value.delay == timedelta(seconds=7)


async def test_the_providers_wish_counts_even_when_the_claim_cannot_be_released() -> None:
    w = world(Refused("http-429", retry_after=timedelta(seconds=7)))
    w.claims.down = {"refused"}
    with pytest.raises(TryLater):
        await w.send(passcode_issued())


async def test_a_permanent_refusal_is_failed_and_goes_to_the_dead_letters() -> None:
    w = world(Refused("http-400", permanent=True))
    with pytest.raises(Unhandleable):
        await w.send(passcode_issued())
    assert w.outcomes == [Outcome.FAILED]


async def test_a_dead_letter_can_be_replayed_after_its_cause_is_mended() -> None:
    w, issued = world(Refused("http-400", permanent=True), Accepted()), passcode_issued()
    with pytest.raises(Unhandleable):
        await w.send(issued)
    await w.send(issued)
    assert w.outcomes == [Outcome.FAILED, Outcome.ACCEPTED]


async def test_an_unknown_send_is_told_and_tried_once_more_with_the_same_code() -> None:
    w, issued = world(Unknown("no-answer"), Accepted()), passcode_issued()
    with pytest.raises(TryLater) as later:
        await w.send(issued)
    assert later.value.delay == SEND_AGAIN_AFTER
    assert w.outcomes == [Outcome.UNKNOWN]
    await w.send(issued)
    assert w.outcomes == [Outcome.UNKNOWN, Outcome.ACCEPTED]
    assert all(CODE in mail.content.text for mail in w.provider.sent)


async def test_two_unknown_sends_are_the_end_however_often_it_is_delivered() -> None:
    w, issued = world(Unknown("no-answer")), passcode_issued()
    with pytest.raises(TryLater):
        await w.send(issued)
    for _ in range(3):
        await w.send(issued)
    assert len(w.provider.sent) == 2
    assert {event.id for event in w.kafka.published[1:]} == {f"{issued.message_id}:sendgrid:2:unknown"}


async def test_refusals_between_unknown_sends_do_not_add_a_third() -> None:
    w, issued = world(Unknown("no-answer"), Refused("http-500"), Unknown("no-answer")), passcode_issued()
    with pytest.raises(TryLater):
        await w.send(issued)
    with pytest.raises(DependencyUnavailable):
        await w.send(issued)
    await w.send(issued)
    await w.send(issued)
    assert len(w.provider.sent) == 3  # of which one was refused for sure


async def test_an_unknown_send_that_redis_cannot_note_is_not_repeated_before_its_lease_ends() -> None:
    w, issued = world(Unknown("no-answer")), passcode_issued()
    w.claims.down = {"doubted"}
    with pytest.raises(TryLater):
        await w.send(issued)
    assert w.outcomes == [Outcome.UNKNOWN]
    with pytest.raises(TryLater):
        await w.send(issued)
    assert len(w.provider.sent) == 1


@pytest.mark.parametrize("life", [timedelta(seconds=119), timedelta(0), timedelta(minutes=-5)])
async def test_a_code_with_less_than_two_minutes_of_life_is_never_mailed(life: timedelta) -> None:
    w = world()
    await w.send(passcode_issued(expires_at=NOW + life))
    assert w.provider.sent == []
    assert [(event.outcome, event.attempt) for event in w.kafka.published] == [("failed", 1)]


async def test_a_code_with_two_minutes_of_life_is_mailed() -> None:
    w = world()
    await w.send(passcode_issued(expires_at=NOW + timedelta(minutes=2)))
    assert w.outcomes == [Outcome.ACCEPTED]


async def test_too_late_for_a_second_send_leaves_the_outcome_unknown_not_failed() -> None:
    w, issued = world(Unknown("no-answer")), passcode_issued(expires_at=NOW + timedelta(minutes=3))
    with pytest.raises(TryLater):
        await w.send(issued)
    w.clock.advance(timedelta(minutes=2))
    await w.send(issued)
    assert len(w.provider.sent) == 1
    assert len({event.id for event in w.kafka.published}) == 1


async def test_a_code_sealed_for_another_challenge_is_failed_and_dead() -> None:
    w = world()
    stolen = passcode_issued().model_copy(update={"code": passcode_issued().code})
    with pytest.raises(Unhandleable, match="unsealable"):
        await w.send(stolen)
    assert w.provider.sent == []
    assert w.outcomes == [Outcome.FAILED]


@pytest.mark.parametrize("sealed", ["n1.AAAA", "n1.$", "n9.AAAA", "n1.A"])
async def test_a_seal_that_does_not_open_is_failed_and_dead(sealed: str) -> None:
    w = world()
    with pytest.raises(Unhandleable, match="unsealable"):
        await w.send(passcode_issued().model_copy(update={"address": sealed}))
    assert w.outcomes == [Outcome.FAILED]


@pytest.mark.parametrize("code", ["123", "１２３４５６", "123456\n", "<b>1234", "", "123 456"])
async def test_only_digits_pass_for_a_code(code: str) -> None:
    w = world()
    with pytest.raises(Unhandleable, match="bad-code"):
        await w.send(passcode_issued(code=code))
    assert w.provider.sent == []


async def test_no_exception_holds_the_code_or_the_address() -> None:
    w = world(Refused("http-400", permanent=True))
    with pytest.raises(Unhandleable) as dead:
        await w.send(passcode_issued())
    text = f"{dead.value!r} {dead.value.__cause__!r} {dead.value.__context__!r} {w.provider.sent!r}"
    assert CODE not in text
    assert ADDRESS not in text


async def test_a_failing_template_gives_the_claim_back() -> None:
    w, issued = world(), passcode_issued()

    def broken() -> OutgoingMail:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await w.send_mail(MailDue.passcode(issued), broken)
    await w.send(issued)
    assert w.outcomes == [Outcome.ACCEPTED]


async def test_a_notice_goes_to_the_sealed_address_and_its_outcome_belongs_to_no_challenge() -> None:
    w, notice = world(), notice_due()
    await w.tell(notice)
    (mail,) = w.provider.sent
    assert (mail.message_id, mail.to) == (notice.notice_id, ADDRESS)
    assert "The email address of your Gatepost account was changed" in mail.content.text
    (outcome,) = w.kafka.published
    assert (outcome.outcome, outcome.kind, outcome.challenge_id) == ("accepted", "notice", None)
    assert (outcome.message_id, outcome.account_id, outcome.region) == (notice.notice_id, notice.account_id, "emea")


async def test_a_notice_delivered_twice_is_one_mail() -> None:
    w, notice = world(), notice_due()
    await w.tell(notice)
    await w.tell(notice)
    assert len(w.provider.sent) == 1
    assert w.outcomes == [Outcome.ACCEPTED] * 2


async def test_a_notice_of_unknown_fate_is_sent_once_more_and_no_more() -> None:
    w, notice = world(Unknown("no-answer")), notice_due()
    with pytest.raises(TryLater):
        await w.tell(notice)
    for _ in range(3):
        await w.tell(notice)
    assert len(w.provider.sent) == 2


async def test_stale_news_is_told_to_nobody() -> None:
    w, notice = world(), notice_due()
    w.clock.advance(timedelta(days=1))
    await w.tell(notice)
    assert w.provider.sent == []
    assert w.outcomes == [Outcome.FAILED]


async def test_an_address_sealed_for_another_notice_does_not_open() -> None:
    w = world()
    with pytest.raises(Unhandleable, match="unsealable"):
        await w.tell(notice_due().model_copy(update={"address": notice_due().address}))
    assert w.provider.sent == []
    assert w.outcomes == [Outcome.FAILED]


@pytest.mark.parametrize("address", ["kim@a.example\r\nBcc: eve@a.example", "Kim <kim@a.example>", "", "kim"])
async def test_what_is_no_address_gets_no_notice(address: str) -> None:
    w = world()
    with pytest.raises(Unhandleable, match="bad-address"):
        await w.tell(notice_due(address=address))
    assert w.provider.sent == []


def test_a_sealed_value_opens_for_the_notifier_alone() -> None:
    sealed = sealer().seal(CODE, "code:x")
    assert CODE not in sealed
    assert unsealer().unseal(sealed, "code:x") == CODE


async def test_who_answers_no_more_is_not_waited_for_when_another_can_be_asked() -> None:
    w, issued = world(Unknown("no-answer"), other=[Accepted()]), passcode_issued()
    await w.send(issued)
    assert [(event.outcome, event.provider) for event in w.kafka.published] == [("accepted", "smtp")]
    assert (w.provider.patience, w.other.patience) == ([1.5], [8])
    assert all(CODE in mail.content.text for mail in (*w.provider.sent, *w.other.sent))


async def test_two_providers_of_unknown_fate_are_the_end() -> None:
    w, issued = world(Unknown("no-answer"), other=[Unknown("no-answer")]), passcode_issued()
    for _ in range(3):
        await w.send(issued)
    assert len(w.provider.sent) + len(w.other.sent) == 2
    assert set(w.outcomes) == {Outcome.UNKNOWN}
    assert len({event.id for event in w.kafka.published}) == 1


async def test_a_doubted_provider_is_asked_last_the_next_time() -> None:
    w, issued = world(Unknown("no-answer"), other=[Refused("http-503"), Accepted()]), passcode_issued()
    with pytest.raises(TryLater):
        await w.send(issued)
    assert w.outcomes == [Outcome.UNKNOWN]
    await w.send(issued)
    assert [(event.outcome, event.provider) for event in w.kafka.published[1:]] == [("accepted", "smtp")]
    assert len(w.provider.sent) == 1
    assert w.other.patience == [8, 3]  # last, then first


@pytest.mark.parametrize("refusal", [Refused("http-503"), Refused("http-400", permanent=True), Refused("circuit-open")])
async def test_a_refusal_sends_it_through_the_other_provider_at_once(refusal: Refused) -> None:
    w = world(refusal, other=[Accepted()])
    await w.send(passcode_issued())
    assert [(event.outcome, event.provider) for event in w.kafka.published] == [("accepted", "smtp")]


async def test_when_all_refuse_the_one_that_may_take_it_later_counts() -> None:
    w = world(Refused("http-400", permanent=True), other=[Refused("smtp-451", retry_after=timedelta(seconds=9))])
    with pytest.raises(TryLater) as later:
        await w.send(passcode_issued())
    assert later.value.delay == timedelta(seconds=9)
    assert w.outcomes == []


async def test_when_all_refuse_for_good_the_mail_has_failed() -> None:
    w = world(Refused("http-400", permanent=True), other=[Refused("smtp-554", permanent=True)])
    with pytest.raises(Unhandleable):
        await w.send(passcode_issued())
    assert w.outcomes == [Outcome.FAILED]


async def test_a_mailbox_that_does_not_exist_is_bounced_and_not_asked_for_again() -> None:
    w = world(Refused("smtp-550", permanent=True, undeliverable=True), other=[Accepted()])
    await w.send(passcode_issued())
    await w.send(passcode_issued())
    assert len(w.provider.sent) == 1
    assert w.other.sent == []
    assert [(event.outcome, event.reason) for event in w.kafka.published] == [
        ("bounced", None),
        ("dropped", "suppressed"),
    ]


async def test_a_suppressed_address_is_not_mailed_and_the_page_hears_of_it_at_once() -> None:
    w, issued = world(), passcode_issued()
    w.suppressions.listed[ADDRESS] = Cause.SPAM_REPORT
    await w.send(issued)
    assert w.provider.sent == []
    assert [(event.outcome, event.reason, event.provider) for event in w.kafka.published] == [
        ("dropped", "suppressed", "none")
    ]
    w.suppressions.listed.clear()
    await w.send(issued)  # support cleared it, and somebody asks again
    assert w.outcomes == [Outcome.DROPPED, Outcome.ACCEPTED]


async def test_whose_mail_is_held_back_or_comes_back_is_told_by_account() -> None:
    held, bounced = world(), world(Refused("smtp-550", permanent=True, undeliverable=True))
    held.suppressions.listed[ADDRESS] = Cause.SPAM_REPORT
    for w, days in ((held, 1), (bounced, 30)):
        issued = passcode_issued()
        await w.send(issued)
        await wait_until(lambda w=w: w.accounts.told != [])  # type: ignore[misc]
        (told,) = w.accounts.told
        assert (told.account_id, told.region, told.until) == (issued.account_id, "emea", NOW + timedelta(days=days))


async def test_that_nobody_can_keep_whose_mail_is_held_back_holds_up_nothing() -> None:
    w = world()
    w.suppressions.listed[ADDRESS] = Cause.SPAM_REPORT
    w.accounts.down = True
    await w.send(passcode_issued())
    assert w.outcomes == [Outcome.DROPPED]
    assert w.accounts.told == []


async def test_that_an_address_is_suppressed_is_one_fact_however_often_the_event_is_delivered() -> None:
    w, issued = world(), passcode_issued()
    w.suppressions.listed[ADDRESS] = Cause.SPAM_REPORT
    for _ in range(3):
        await w.send(issued)
        w.clock.advance(timedelta(seconds=20))
    assert w.kafka.published == [w.kafka.published[0]] * 3
    assert len({event.id for event in w.kafka.published}) == 1


async def test_when_nobody_knows_whether_an_address_is_suppressed_the_claim_is_given_back() -> None:
    w, issued = world(), passcode_issued()
    w.suppressions.down = True
    with pytest.raises(DependencyUnavailable):
        await w.send(issued)
    w.suppressions.down = False
    await w.send(issued)
    assert w.outcomes == [Outcome.ACCEPTED]


async def test_a_code_is_not_mailed_once_its_challenge_is_over() -> None:
    w, issued = world(), passcode_issued()
    await w.claims.close(issued.challenge_id)
    await w.send(issued)
    assert w.provider.sent == []
    assert [(event.outcome, event.reason) for event in w.kafka.published] == [("dropped", "challenge-closed")]


async def test_a_mail_carries_the_labels_of_its_attempt() -> None:
    w, issued = world(Refused("http-503"), Accepted()), passcode_issued()
    with pytest.raises(DependencyUnavailable):
        await w.send(issued)
    await w.send(issued)
    due = MailDue.passcode(issued)
    assert [mail.labels for mail in w.provider.sent] == [label(due, 1), label(due, 2)]
    assert all(mail.hurried for mail in w.provider.sent)


async def test_an_announcement_is_in_no_hurry() -> None:
    w = world()
    await w.tell(notice_due(kind=NoticeKind.ADVANCE_NOTICE))
    assert not w.provider.sent[0].hurried


async def test_without_redis_there_is_no_second_send() -> None:
    w, issued = world(Unknown("no-answer"), other=[Accepted()]), passcode_issued()
    w.claims.down = {"count_another"}
    with pytest.raises(TryLater):
        await w.send(issued)
    assert w.other.sent == []
    assert w.outcomes == [Outcome.UNKNOWN]
    w.claims.down = set()
    await w.send(issued)
    assert [(event.outcome, event.provider) for event in w.kafka.published[1:]] == [("accepted", "smtp")]


async def test_a_refusal_after_a_doubt_is_no_failure_since_the_first_mail_may_have_arrived() -> None:
    w, issued = world(Unknown("no-answer"), Refused("http-400", permanent=True)), passcode_issued()
    with pytest.raises(TryLater):
        await w.send(issued)
    with pytest.raises(Unhandleable):
        await w.send(issued)
    assert w.outcomes == [Outcome.UNKNOWN, Outcome.UNKNOWN]


async def cut(w: World, provider: FakeProvider, issued: PasscodeIssued) -> None:
    """Stop in the middle of a call to this provider."""
    provider.hangs = asyncio.Event()
    asked = len(provider.sent)
    sending = asyncio.create_task(w.send(issued))
    await wait_until(lambda: len(provider.sent) > asked)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    provider.hangs = None


async def test_a_send_that_was_cut_is_made_at_once_through_the_other_provider_by_whoever_comes_next() -> None:
    w, issued = world(other=[Accepted()]), passcode_issued()
    await cut(w, w.provider, issued)
    assert w.outcomes == []
    await w.send(issued)
    assert [(event.outcome, event.provider) for event in w.kafka.published] == [("accepted", "smtp")]
    assert len(w.provider.sent) == 1


async def test_two_sends_that_were_cut_are_the_end() -> None:
    w, issued = world(), passcode_issued()
    for _ in range(2):
        await cut(w, w.provider, issued)
    for _ in range(2):
        await w.send(issued)
    assert len(w.provider.sent) == 2
    assert [(event.outcome, event.provider) for event in w.kafka.published] == [("unknown", "sendgrid")] * 2


async def test_a_second_provider_that_is_cut_after_a_doubt_about_the_first_is_the_end() -> None:
    w, issued = world(Unknown("no-answer"), other=[Accepted()]), passcode_issued()
    await cut(w, w.other, issued)
    await w.send(issued)
    assert (len(w.provider.sent), len(w.other.sent)) == (1, 1)
    assert w.outcomes == [Outcome.UNKNOWN]


async def test_a_send_that_was_cut_while_redis_is_away_is_repeated_only_after_its_lease() -> None:
    w, issued = world(), passcode_issued()
    w.claims.down = {"doubted"}
    await cut(w, w.provider, issued)
    with pytest.raises(TryLater):
        await w.send(issued)
    w.clock.advance(TERMS.lease)
    await w.send(issued)
    assert w.outcomes == [Outcome.ACCEPTED]
    assert len(w.provider.sent) == 2


async def test_a_refusal_after_a_holder_that_died_is_no_failure_either() -> None:
    w, issued = world(Refused("http-400", permanent=True)), passcode_issued()
    await w.claims.claim(MailDue.passcode(issued))
    w.clock.advance(TERMS.lease)
    with pytest.raises(Unhandleable):
        await w.send(issued)
    assert [(event.outcome, event.provider) for event in w.kafka.published] == [("unknown", "none")]
