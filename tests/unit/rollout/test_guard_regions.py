"""The guard's rounds, and what people do with a pause."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.change import Change, State
from services.rollout.domain.pause import Pause
from services.rollout.domain.region import Policy
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.verdict import Result
from services.rollout.domain.wish import Bypass, Wish
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.apply_due import ApplyDue
from services.rollout.use_cases.changes import Refusal, Refused, Why
from services.rollout.use_cases.decide_change import DecideChange
from services.rollout.use_cases.guard_regions import GuardRegions
from services.rollout.use_cases.pause_region import NotDone, Paused, PauseRegion
from services.rollout.use_cases.propose_change import ProposeChange, Proposed
from shared.events import PolicyMode, RegionPaused, RegionResumed
from shared.unavailable import DependencyUnavailable
from tests.unit.rollout.challenge_stories import EVER, Topic, Watch, spread, thresholds
from tests.unit.rollout.fakes import FakeChanges, FakeDatabase, FakePauses
from tests.unit.rollout.samples import ENFORCED, NOON, OFF, RAMP, applied_change, region

MINUTE = timedelta(minutes=1)
BYPASSED = Policy(PolicyMode.BYPASSED, 2_500, bypass_until=NOON + MINUTE)
BOUNCING: dict[str, Any] = {"bounced": 3}


@dataclass
class RunningPlans:
    held: dict[str, Thresholds] = field(default_factory=dict)

    async def thresholds(self) -> dict[str, Thresholds]:
        return self.held


@dataclass
class World:
    watch: Watch = field(default_factory=Watch)

    def __post_init__(self) -> None:
        clock = self.watch.clock
        self.database = FakeDatabase()
        self.pauses = FakePauses(self.database)
        self.changes = FakeChanges(self.database)
        self.pause = PauseRegion(self.pauses, self.database, clock, uuid4)
        self.plans = RunningPlans()
        self.guard = GuardRegions(
            self.watch.regions, self.database, self.pauses, self.pause, self.plans, thresholds(), clock
        )
        self.propose = ProposeChange(self.changes, self.database, clock)
        self.decide = DecideChange(self.changes, clock)
        self.apply = ApplyChange(self.changes, self.database, clock, lambda: "salt-of-this-region")

    async def stand(self, policy: Policy, name: str = "emea") -> None:
        made = region(name, policy, self.database.version(name) + 1)
        await self.changes.write(None, *applied_change(made))

    async def bounce(self, numbers_from: int = 0) -> None:
        self.watch.tell(*spread(200, 90, 30, numbers_from, **BOUNCING))

    async def approved(self, policy: Policy | Bypass) -> Change:
        begun = await self.propose.begin(uuid4(), Wish(region="emea", policy=policy, reason="go on"), "rosa")
        assert isinstance(begun, Proposed)
        submitted = done(await self.decide.submit(begun.change.id, 1, "rosa"))
        return done(await self.decide.approve(begun.change.id, submitted.revision, "ava"))

    async def standing(self) -> Pause | None:
        return (await self.pauses.paused()).get("emea")


def done(outcome: Change | Refused) -> Change:
    assert isinstance(outcome, Change), outcome
    return outcome


@pytest.fixture
async def world() -> World:
    made = World()
    await made.stand(RAMP)
    return made


async def test_a_region_that_fails_is_paused_with_its_figures_and_others_are_not(world: World) -> None:
    await world.stand(ENFORCED, "apac")
    await world.bounce()
    await world.guard.round()
    standing = await world.standing()
    assert standing is not None
    assert (standing.by, standing.because) == (
        "system", "bounced 100.0% of 200 challenges in 1m, at most 10.0% was to be",
    )  # fmt: skip
    assert set(await world.pauses.paused()) == {"emea"}
    (deed,) = world.pauses.deeds
    assert (deed.actor, deed.action, deed.region) == ("system", AuditAction.REGION_PAUSED, "emea")
    assert deed.detail["figures"] == standing.figures
    assert deed.detail["figures"]["figures"][0]["window"] == "1m"
    told = world.database.waiting[-1].event
    assert isinstance(told, RegionPaused)
    assert (told.pause_id, told.paused_by, told.because) == (standing.id, "system", standing.because)


async def test_a_second_round_and_another_instance_change_nothing(world: World) -> None:
    await world.bounce()
    await world.guard.round()
    before = await world.standing()
    await world.guard.round()
    assert world.pauses.tried == 1
    again = await world.pause.fail("emea", "bounced", {}, EVER)
    assert isinstance(again, Paused)
    assert (again.pause, again.again) == (before, True)
    assert len(world.pauses.deeds) == 1


@pytest.mark.parametrize("policy", [OFF, Policy(PolicyMode.SHADOW, 0), BYPASSED])
async def test_a_region_that_asks_nobody_is_left_alone(world: World, policy: Policy) -> None:
    await world.stand(policy)
    await world.bounce()
    await world.guard.round()
    assert await world.standing() is None
    assert world.guard.seen()["emea"].verdict.result is Result.FAIL


async def test_a_bypass_that_is_over_asks_again(world: World) -> None:
    await world.stand(Policy(PolicyMode.BYPASSED, 2_500, bypass_until=NOON))
    await world.bounce()
    await world.guard.round()
    assert await world.standing() is not None


async def test_without_data_nothing_is_paused(world: World) -> None:
    await world.guard.round()
    assert await world.standing() is None
    assert world.guard.seen()["emea"].verdict.result is Result.HOLD


async def test_what_bounced_before_a_resume_pauses_nothing_again_and_what_bounces_after_it_does(world: World) -> None:
    await world.bounce()
    await world.guard.round()
    resumed = await world.pause.resume("emea", "rosa", "the provider is well")
    assert isinstance(resumed, Pause)
    await world.guard.round()
    assert await world.standing() is None
    world.watch.later(5 * MINUTE)
    await world.guard.round()
    assert await world.standing() is None
    world.watch.tell(*spread(200, -100, -200, 1_000, **BOUNCING))
    await world.guard.round()
    assert await world.standing() is not None


async def test_a_round_that_looked_before_a_resume_pauses_nothing_after_it(world: World) -> None:
    await world.pause.pause("emea", "rosa", "looks odd")
    await world.pause.resume("emea", "rosa", "was nothing")
    assert await world.pause.fail("emea", "bounced", {}, EVER) is NotDone.STALE
    assert await world.standing() is None


async def test_while_kafka_is_not_heard_nothing_is_paused(world: World) -> None:
    await world.bounce()
    world.watch.clock.advance(MINUTE)
    await world.guard.round()
    assert await world.standing() is None
    unread = World(Watch(topics=[Topic(None)]))
    await unread.stand(RAMP)
    with pytest.raises(DependencyUnavailable):
        await unread.guard.round()


async def test_a_person_pauses_at_once_and_a_second_one_finds_it_paused(world: World) -> None:
    first = await world.pause.pause("emea", "rosa", "complaints from support")
    second = await world.pause.pause("emea", "ava", "complaints from support")
    assert isinstance(first, Paused)
    assert isinstance(second, Paused)
    assert (first.again, second.again, second.pause) == (False, True, first.pause)
    assert await world.pause.pause("nowhere", "rosa", "complaints") is NotDone.UNKNOWN_REGION


async def test_what_is_resumed_says_by_whom_and_why_once(world: World) -> None:
    await world.pause.pause("emea", "rosa", "complaints from support")
    world.watch.clock.advance(MINUTE)
    ended = await world.pause.resume("emea", "ava", "was nothing")
    assert isinstance(ended, Pause)
    assert (ended.ended_by, ended.ended_because, ended.ended_at) == ("ava", "was nothing", world.watch.clock.now)
    told = world.database.waiting[-1].event
    assert isinstance(told, RegionResumed)
    assert (told.pause_id, told.resumed_by) == (ended.id, "ava")
    assert [deed.action for deed in world.pauses.deeds] == [AuditAction.REGION_PAUSED, AuditAction.REGION_RESUMED]
    assert await world.pause.resume("emea", "ava", "was nothing") is NotDone.NOT_PAUSED
    assert await world.pause.resume("nowhere", "ava", "was nothing") is NotDone.UNKNOWN_REGION


async def test_while_it_is_paused_nothing_raises_a_region_but_a_bypass(world: World) -> None:
    raising = await world.approved(ENFORCED)
    await world.pause.pause("emea", "rosa", "complaints from support")
    assert await world.apply(raising.id, raising.revision, "rosa") == Refusal(Why.REGION_PAUSED)
    assert world.database.version("emea") == 1
    await world.pause.resume("emea", "rosa", "was nothing")
    assert done(await world.apply(raising.id, raising.revision, "rosa")).over
    await world.pause.pause("emea", "rosa", "complaints again")
    bypass = await world.approved(Bypass(world.watch.clock.now + 60 * MINUTE))
    assert done(await world.apply(bypass.id, bypass.revision, "rosa")).over


async def test_what_lowers_a_paused_region_is_applied(world: World) -> None:
    await world.pause.pause("emea", "rosa", "complaints from support")
    lowering = await world.approved(OFF)
    assert done(await world.apply(lowering.id, lowering.revision, "rosa")).over


async def test_what_was_seen_is_shown_for_a_while_only(world: World) -> None:
    assert world.guard.seen() == {}
    await world.guard.round()
    assert set(world.guard.seen()) == {"emea"}
    world.watch.later(MINUTE)
    assert world.guard.seen() == {}


async def test_a_look_says_what_a_region_is_held_to_and_since_when(world: World) -> None:
    assert await world.guard.look("nowhere") is None
    await world.pause.pause("emea", "rosa", "complaints from support")
    paused = await world.guard.look("emea")
    assert paused is not None
    assert (paused.since, paused.thresholds) == (EVER, thresholds())
    assert paused.pause is not None
    await world.pause.resume("emea", "rosa", "was nothing")
    resumed = await world.guard.look("emea")
    assert resumed is not None
    assert (resumed.since, resumed.pause) == (world.watch.clock.now, None)


async def test_a_region_of_a_running_plan_is_held_to_what_its_wave_says() -> None:
    world = World()
    for name in ("emea", "apac"):
        await world.stand(ENFORCED, name)
    await world.bounce()
    world.plans.held["emea"] = thresholds(minimum_sample=1_000_000)
    await world.guard.round()
    assert [guarded.verdict.result for guarded in world.guard.seen().values()].count(Result.FAIL) == 0
    world.plans.held.clear()
    await world.guard.round()
    assert world.guard.seen()["emea"].verdict.result is Result.FAIL


@dataclass
class Due:
    change: Change

    async def due(self, now: datetime) -> list[Change]:
        return [self.change] if self.change.due(now) else []


async def test_what_comes_due_while_its_region_is_paused_is_halted_with_the_reason_in_words(world: World) -> None:
    wish = Wish(region="emea", policy=ENFORCED, reason="go on", apply_at=NOON + MINUTE)
    begun = await world.propose.begin(uuid4(), wish, "rosa")
    assert isinstance(begun, Proposed)
    submitted = done(await world.decide.submit(begun.change.id, 1, "rosa"))
    approved = done(await world.decide.approve(begun.change.id, submitted.revision, "ava"))
    scheduled = done(await world.decide.schedule(begun.change.id, approved.revision, "rosa"))
    await world.pause.pause("emea", "rosa", "support is ill")
    world.watch.later(MINUTE)
    await ApplyDue(Due(scheduled), world.apply, world.decide).round(world.watch.clock.now)
    halted = await world.changes.find(begun.change.id)
    assert halted is not None
    assert (halted.state, halted.ended_because) == (State.HALTED, "the region is paused")
