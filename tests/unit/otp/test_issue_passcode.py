"""A login was challenged; later somebody types a code."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from services.otp.domain.challenge import ChallengeRef, Delivery, Verdict
from services.otp.domain.guess_limits import GuessLimits
from services.otp.domain.passcode import PasscodeBook
from services.otp.use_cases.follow_challenge import FollowChallenge
from services.otp.use_cases.issue_passcode import IssuePasscode, Randomness
from services.otp.use_cases.verify_passcode import VerifyPasscode
from shared.events import LoginChallenged, Outcome, PasscodeIssued
from shared.sealing import Sealer, Unsealer
from shared.unavailable import DependencyUnavailable
from tests.fakes import FakeChallenges, Publisher
from tests.unit.shared.samples import email_outcome, login_challenged, private_ring, public_ring

NOTIFIER = private_ring("seal-1")
CLIENT = "c" * 64
LIMITS = GuessLimits(per_challenge=5, per_account_day=15, per_account_month=50)


@dataclass
class World:
    store: FakeChallenges = field(default_factory=FakeChallenges)
    publisher: Publisher = field(default_factory=Publisher)

    def __post_init__(self) -> None:
        book = PasscodeBook(private_ring("p1"), private_ring("c1"), lambda: 6)
        codes, ids = count(402_817), count(1)
        randomness = Randomness(lambda _: next(codes), lambda: UUID(int=next(ids)))
        self.issue = IssuePasscode(self.store, book, Sealer(public_ring(NOTIFIER)), self.publisher.publish, randomness)
        self.verify = VerifyPasscode(self.store, book, LIMITS, lambda _: None)
        self.follow = FollowChallenge(self.store, LIMITS)

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
    await world.follow.record_outcome(email_outcome(outcome=Outcome.ACCEPTED))
    status = await world.follow.status(ref(event))

    assert status is not None
    assert status.delivery is Delivery.SENT


async def test_a_mail_that_belongs_to_no_challenge_changes_nothing(world: World) -> None:
    await world.follow.record_outcome(email_outcome(challenge_id=None))
    await world.follow.record_outcome(email_outcome())

    assert await world.follow.status(ref(challenged())) is None
