"""A login was challenged; later somebody types a code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from uuid import uuid4

import pytest

from services.otp.domain.challenge import ChallengeRef, End, Ended, Resend, State, Verdict
from services.otp.domain.delivery import Delivery
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import PasscodeBook
from services.otp.use_cases.announce_passcode import AnnouncePasscode, Recipient
from services.otp.use_cases.follow_challenge import FollowChallenge
from services.otp.use_cases.issue_passcode import IssuePasscode, Minting
from services.otp.use_cases.resend_passcode import ResendPasscode
from services.otp.use_cases.tell_ends import MOST_WAITING, TellEnds
from services.otp.use_cases.verify_passcode import VerifyPasscode
from shared.events import ChallengeClosed, LoginChallenged, Outcome, PasscodeIssued
from shared.sealing import Sealer, Unsealer
from shared.unavailable import DependencyUnavailable
from tests.challenge_model import FakeChallenges
from tests.fakes import Publisher
from tests.unit.shared.samples import email_outcome, login_challenged, private_ring, public_ring
from tests.wait_until import wait_until

NOTIFIER = private_ring("seal-1")
CLIENT = "c" * 64
LIMITS = Limits(wrong_per_challenge=5, wrong_per_day=15, wrong_per_30_days=50)


class Unchanging:
    """Redis pub/sub that never says anything."""

    over = False

    @asynccontextmanager
    async def watch(self, _: ChallengeRef) -> AsyncIterator[asyncio.Event]:
        yield asyncio.Event()


@dataclass
class World:
    store: FakeChallenges = field(default_factory=FakeChallenges)
    publisher: Publisher = field(default_factory=Publisher)
    ended: list[Ended] = field(default_factory=list)

    def __post_init__(self) -> None:
        book = PasscodeBook(private_ring("p1"), private_ring("c1"))
        codes = count(402_817)
        announce = AnnouncePasscode(book, Sealer(public_ring(NOTIFIER)), self.publisher.publish)
        self.issue = IssuePasscode(self.store, book, announce, Minting(lambda _: next(codes), lambda: 6), LIMITS)
        self.verify = VerifyPasscode(self.store, book, LIMITS, self.ended.append, lambda _: None)
        self.resend = ResendPasscode(self.store, announce, LIMITS)
        self.follow = FollowChallenge(self.store, Unchanging(), LIMITS, partial(datetime.now, UTC))
        self.tell_ends = TellEnds(self.store, self.publisher.publish_all)

    @property
    def issued(self) -> list[PasscodeIssued]:
        return [event for event in self.publisher.events if isinstance(event, PasscodeIssued)]


@pytest.fixture
def world() -> World:
    return World()


def challenged(life: timedelta = timedelta(minutes=10)) -> LoginChallenged:
    return login_challenged(expires_at=datetime.now(UTC) + life)


def ref(event: LoginChallenged) -> ChallengeRef:
    return ChallengeRef(event.account_id, event.challenge_id)


def code_in(event: PasscodeIssued) -> str:
    return Unsealer(NOTIFIER).unseal(event.code, f"code:{event.challenge_id}")


async def test_a_challenge_gets_a_code_that_only_the_notifier_reads(world: World) -> None:
    event = challenged()
    await world.issue(event)
    (issued,) = world.issued

    assert code_in(issued) == "402817"
    assert "402817" not in issued.model_dump_json()
    assert (issued.challenge_id, issued.account_id) == (event.challenge_id, event.account_id)
    assert (issued.address, issued.locale, issued.region) == (event.address, "de", "emea")
    assert (issued.purpose, issued.expires_at) == (event.purpose, event.expires_at)


async def test_the_same_event_twice_gives_the_same_code_and_message(world: World) -> None:
    event = challenged()
    await world.issue(event)
    await world.issue(event)
    first, second = world.issued

    assert code_in(first) == code_in(second)
    assert first.message_id == second.message_id
    assert first.id == second.id
    assert first.code != second.code  # sealed anew


async def test_a_code_that_could_not_be_announced_is_announced_at_the_next_try(world: World) -> None:
    event = challenged()
    world.publisher.down = True
    with pytest.raises(DependencyUnavailable):
        await world.issue(event)
    world.publisher.down = False
    await world.issue(event)

    assert [code_in(issued) for issued in world.issued] == ["402817"]


@pytest.mark.parametrize("over", ["expired", "verified", "locked"])
async def test_a_challenge_that_is_over_gets_no_mail(world: World, over: str) -> None:
    event = challenged(timedelta(seconds=-1) if over == "expired" else timedelta(minutes=10))
    if over != "expired":
        await world.issue(event)
        for _ in range(5):
            await world.verify(ref(event), CLIENT, "402817" if over == "verified" else "000000")
    world.publisher.events.clear()
    await world.issue(event)

    assert world.issued == []


async def test_the_code_from_the_mail_is_right_once(world: World) -> None:
    event = challenged()
    await world.issue(event)
    verdicts = [(await world.verify(ref(event), CLIENT, "402817")).verdict for _ in range(2)]

    assert verdicts == [Verdict.VERIFIED, Verdict.USED]


@pytest.mark.parametrize("typed", ["402818", "", "402817 ", "４０２８１７", "40281", "4028170"])
async def test_any_other_code_is_wrong(world: World, typed: str) -> None:
    event = challenged()
    await world.issue(event)

    judgement = await world.verify(ref(event), CLIENT, typed)
    assert (judgement.verdict, judgement.attempts_remaining) == (Verdict.WRONG, 4)


async def test_what_became_of_the_mail_is_kept_with_the_challenge(world: World) -> None:
    event = challenged()
    await world.issue(event)
    (issued,) = world.issued
    await world.follow.record_outcome(email_outcome(outcome=Outcome.ACCEPTED, message_id=issued.message_id))
    status = await world.follow.status(ref(event))

    assert status is not None
    assert status.mails[0].delivery is Delivery.SENT


async def test_a_mail_that_belongs_to_no_challenge_changes_nothing(world: World) -> None:
    event = challenged()
    await world.follow.record_outcome(email_outcome(challenge_id=None))
    await world.follow.record_outcome(email_outcome())
    assert await world.follow.status(ref(event)) is None
    await world.issue(event)
    await world.follow.record_outcome(email_outcome())  # of this challenge, but none of its mails

    status = await world.follow.status(ref(event))
    assert status is not None
    assert status.mails[0].delivery is Delivery.QUEUED


TO = Recipient("seal-1.YQ", "de", "emea", "login")


async def test_another_mail_has_the_same_code_and_another_id(world: World) -> None:
    event = challenged()
    await world.issue(event)
    world.store.records[ref(event)].sent_at[0] -= timedelta(seconds=30)
    resent = await world.resend(ref(event), CLIENT, TO)
    first, second = world.issued

    assert resent.result is Resend.SENT
    assert (code_in(first), first.expires_at) == (code_in(second), second.expires_at)
    assert first.message_id != second.message_id
    assert (second.address, second.locale, second.region) == (TO.address, TO.locale, TO.region)


async def test_a_mail_that_may_not_be_sent_is_not(world: World) -> None:
    event = challenged()
    await world.issue(event)

    assert (await world.resend(ref(event), CLIENT, TO)).result is Resend.TOO_SOON
    assert len(world.issued) == 1


async def test_a_mail_that_kafka_cannot_take_is_counted_and_not_promised(world: World) -> None:
    event = challenged()
    await world.issue(event)
    world.store.records[ref(event)].sent_at[0] -= timedelta(seconds=30)
    world.publisher.down = True
    with pytest.raises(DependencyUnavailable):
        await world.resend(ref(event), CLIENT, TO)
    world.publisher.down = False

    assert (await world.resend(ref(event), CLIENT, TO)).result is Resend.TOO_SOON


async def test_a_challenge_over_the_cap_gets_no_mail_and_says_so(world: World) -> None:
    event = challenged()
    world.issue._limits = replace(LIMITS, live_challenges=1)
    await world.issue(login_challenged(challenge_id=event.account_id, expires_at=event.expires_at))
    await world.issue(event)
    status = await world.follow.status(ref(event))

    assert len(world.issued) == 1
    assert status is not None
    assert (status.state, status.retry_at) == (State.REFUSED, event.expires_at)


@pytest.mark.parametrize("end", [End.VERIFIED, End.LOCKED])
async def test_who_ended_a_challenge_tells_of_it(world: World, end: End) -> None:
    event = challenged()
    await world.issue(event)
    wrong = 0 if end is End.VERIFIED else 5
    for _ in range(wrong):
        await world.verify(ref(event), CLIENT, "000000")
    await world.verify(ref(event), CLIENT, "402817")

    assert world.ended == [Ended(ref(event), end, wrong or 1)]
    for ended in world.ended:
        world.tell_ends(ended)
    await world.tell_ends.stop()
    closed = world.publisher.events[-1]
    assert isinstance(closed, ChallengeClosed)
    assert (closed.id, closed.end, closed.attempts) == (str(event.challenge_id), end.value, wrong or 1)
    assert world.store.ends == {}  # and so nobody tells it again


async def test_while_kafka_is_slow_so_many_ends_wait_and_no_more(world: World) -> None:
    for _ in range(MOST_WAITING + 5):
        world.tell_ends(Ended(ChallengeRef(uuid4(), uuid4()), End.VERIFIED, 1))
    await world.tell_ends.tell()
    await world.tell_ends.tell()

    assert len(world.publisher.events) == MOST_WAITING


async def test_what_kafka_could_not_take_is_told_by_the_next_sweep(world: World) -> None:
    event = challenged(timedelta(milliseconds=20))
    await world.issue(event)
    await wait_until(lambda: datetime.now(UTC) - timedelta(milliseconds=1) > event.expires_at)
    world.publisher.down = True
    with pytest.raises(DependencyUnavailable):
        await world.tell_ends.sweep()
    world.publisher.down = False
    await world.tell_ends.sweep()
    assert not any(isinstance(event, ChallengeClosed) for event in world.publisher.events)  # another's, for the lease
    world.store.ends = dict.fromkeys(world.store.ends, event.expires_at)
    await world.tell_ends.sweep()
    await world.tell_ends.sweep()

    (closed,) = [event for event in world.publisher.events if isinstance(event, ChallengeClosed)]
    assert (closed.end, closed.attempts) == ("expired", 0)


async def test_a_crowd_that_looks_again_at_once_leaves_connections_to_others(world: World) -> None:
    looking, most = 0, 0

    class Slow(FakeChallenges):
        async def status(self, challenge: ChallengeRef, limits: Limits) -> None:
            nonlocal looking, most
            looking += 1
            most = max(most, looking)
            await asyncio.sleep(0)
            looking -= 1

    follow = FollowChallenge(Slow(), Unchanging(), LIMITS, partial(datetime.now, UTC))
    crowd = [follow.changes(ChallengeRef(uuid4(), uuid4())) for _ in range(200)]
    assert await asyncio.gather(*(anext(each) for each in crowd)) == [None] * 200
    for each in crowd:
        await each.aclose()

    assert most == 32
