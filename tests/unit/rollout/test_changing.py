"""A change from its beginning to its end, by several people."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.change import Change, ChangeObjection, State
from services.rollout.domain.region import Objection, Policy
from services.rollout.domain.wish import Bypass, Wish
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.changes import Refusal, Refused, Why
from services.rollout.use_cases.decide_change import DecideChange
from services.rollout.use_cases.propose_change import ProposeChange, Proposed
from tests.clock import Clock
from tests.unit.rollout.fakes import FakeChanges, FakeDatabase
from tests.unit.rollout.samples import DAY, ENFORCED, NOON, OFF, RAMP, applied_change, region

WISH = Wish(region="emea", policy=RAMP, reason="wave 1")
HOUR = timedelta(hours=1)


@dataclass
class World:
    clock: Clock = field(default_factory=lambda: Clock(NOON))

    def __post_init__(self) -> None:
        self.database = FakeDatabase()
        self.changes = FakeChanges(self.database)
        self.propose = ProposeChange(self.changes, self.database, self.clock)
        self.decide = DecideChange(self.changes, self.clock)
        self.apply = ApplyChange(self.changes, self.database, self.clock, lambda: "salt-of-this-region")

    async def stand(self, *policies: Policy) -> None:
        for version, policy in enumerate(policies, start=self.database.version("emea") + 1):
            await self.changes.write(None, *applied_change(region("emea", policy, version)))

    async def begun(self, wish: Wish = WISH, change_id: UUID | None = None) -> Change:
        outcome = await self.propose.begin(change_id or uuid4(), wish, "rosa")
        assert isinstance(outcome, Proposed), outcome
        return outcome.change

    async def approved(self, wish: Wish = WISH) -> Change:
        begun = await self.begun(wish)
        submitted = done(await self.decide.submit(begun.id, 1, "rosa"))
        return done(await self.decide.approve(begun.id, submitted.revision, "ava"))


@pytest.fixture
async def world() -> World:
    made = World()
    await made.stand(OFF)
    return made


def done(outcome: Change | Refused) -> Change:
    assert isinstance(outcome, Change), outcome
    return outcome


async def test_what_another_person_approved_is_applied_and_each_step_is_in_the_audit(world: World) -> None:
    approved = await world.approved()
    applied = done(await world.apply(approved.id, approved.revision, "ben"))
    assert applied.state is State.APPLIED
    standing = world.database.versions["emea"][-1]
    assert (standing.version, standing.policy, standing.author, standing.change_id) == (2, RAMP, "rosa", applied.id)
    assert [(deed.actor, deed.action) for deed in world.changes.deeds[1:]] == [
        ("rosa", AuditAction.CHANGE_DRAFTED),
        ("rosa", AuditAction.CHANGE_SUBMITTED),
        ("ava", AuditAction.CHANGE_APPROVED),
        ("ben", AuditAction.CHANGE_APPLIED),
    ]
    assert world.changes.deeds[-1].detail["approved_by"] == "ava"


async def test_an_id_begins_one_change_however_often_it_is_asked_for(world: World) -> None:
    first = await world.begun()
    done(await world.decide.submit(first.id, 1, "rosa"))
    again = await world.propose.begin(first.id, WISH, "rosa")
    assert isinstance(again, Proposed)
    assert (again.again, again.change.state) == (True, State.IN_REVIEW)
    other = Wish(region="emea", policy=ENFORCED, reason="wave 1")
    assert await world.propose.begin(first.id, other, "rosa") == Refusal(Why.OTHER_CONTENT)


async def test_an_edit_is_made_on_the_region_as_it_stands_and_voids_the_approval(world: World) -> None:
    approved = await world.approved()
    await world.stand(Policy(RAMP.mode, 100))
    assert await world.apply(approved.id, approved.revision, "ben") == Refusal(Why.REGION_MOVED, 2)
    edited = done(await world.propose.edit(approved.id, approved.revision, WISH, "ben"))
    assert (edited.content.base_version, edited.state, edited.approval.by) == (2, State.DRAFT, None)
    assert await world.apply(edited.id, edited.revision, "ben") is ChangeObjection.UNAPPROVED
    resubmitted = done(await world.decide.submit(edited.id, edited.revision, "ben"))
    assert await world.decide.approve(edited.id, resubmitted.revision, "ben") is ChangeObjection.OWN


async def test_nobody_acts_on_a_revision_that_does_not_stand_any_more(world: World) -> None:
    begun = await world.begun()
    submitted = done(await world.decide.submit(begun.id, 1, "rosa"))
    moved = Refusal(Why.REVISION_MOVED, submitted.revision)
    for outcome in (
        await world.decide.approve(begun.id, 1, "ava"),
        await world.decide.reject(begun.id, 1, "ava", "no"),
        await world.decide.cancel(begun.id, 1, "rosa", "no"),
        await world.propose.edit(begun.id, 1, WISH, "rosa"),
        await world.apply(begun.id, 1, "rosa"),
    ):
        assert outcome == moved


async def test_whoever_applies_what_somebody_else_just_applied_learns_that_the_change_moved(world: World) -> None:
    class ReadAtOnce(FakeChanges):
        async def find(self, change_id: UUID) -> Change | None:
            found = await super().find(change_id)
            await asyncio.sleep(0)
            return found

    approved = await world.approved()
    apply = ApplyChange(
        ReadAtOnce(world.database, world.changes.kept), world.database, world.clock, lambda: "salt-salt"
    )
    outcomes = await asyncio.gather(*(apply(approved.id, approved.revision, who) for who in ("ben", "rosa")))
    assert done(outcomes[0]).state is State.APPLIED
    assert outcomes[1] == Refusal(Why.REVISION_MOVED, approved.revision + 1)


async def test_what_is_unknown_is_said_to_be(world: World) -> None:
    nothing = Refusal(Why.UNKNOWN_CHANGE)
    assert await world.decide.submit(uuid4(), 1, "rosa") == nothing
    assert await world.apply(uuid4(), 1, "rosa") == nothing
    begun = await world.begun()
    elsewhere = Wish(region="apac", policy=RAMP, reason="wave 1")
    assert await world.propose.edit(begun.id, 1, elsewhere, "rosa") == nothing


async def test_a_date_in_the_past_is_refused(world: World) -> None:
    past = Wish(region="emea", policy=RAMP, reason="wave 1", apply_at=NOON)
    assert await world.propose.begin(uuid4(), past, "rosa") == Refusal(Why.APPLY_AT_PAST)


async def test_a_change_for_a_date_is_scheduled_and_applied_then(world: World) -> None:
    approved = await world.approved(Wish(region="emea", policy=RAMP, reason="wave 1", apply_at=NOON + DAY))
    scheduled = done(await world.decide.schedule(approved.id, approved.revision, "rosa"))
    assert await world.apply(approved.id, scheduled.revision, "rosa") is ChangeObjection.EARLY
    world.clock.advance(DAY)
    assert done(await world.apply(approved.id, scheduled.revision, "rosa")).state is State.APPLIED


async def test_a_bypass_keeps_the_share_and_is_not_applied_once_it_is_over(world: World) -> None:
    await world.stand(RAMP)
    approved = await world.approved(Wish(region="emea", policy=Bypass(NOON + HOUR), reason="mail is down"))
    assert (approved.content.policy.percent, approved.content.policy.bypass_until) == (RAMP.percent, NOON + HOUR)
    world.clock.advance(HOUR)
    assert await world.apply(approved.id, approved.revision, "rosa") is Objection.BYPASS_LENGTH
    assert world.database.version("emea") == 2


async def test_a_bypass_of_a_clock_that_went_back_is_not_longer_than_any_other(world: World) -> None:
    await world.stand(RAMP)
    approved = await world.approved(Wish(region="emea", policy=Bypass(NOON + 4 * HOUR), reason="mail is down"))
    world.clock.advance(-HOUR)
    assert await world.apply(approved.id, approved.revision, "rosa") is Objection.BYPASS_LENGTH
    world.clock.advance(HOUR)
    assert done(await world.apply(approved.id, approved.revision, "rosa")).state is State.APPLIED


async def test_what_ended_says_why(world: World) -> None:
    begun = await world.begun()
    cancelled = done(await world.decide.cancel(begun.id, 1, "rosa", "not on a Friday"))
    assert (cancelled.state, cancelled.ended_because) == (State.CANCELLED, "not on a Friday")
    assert world.changes.deeds[-1].detail["because"] == "not on a Friday"
