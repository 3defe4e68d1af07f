"""Plans on a real database: kept, followed, held, halted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.rollout.adapters.postgres_plans import PostgresPlans
from services.rollout.adapters.tables import changes, plans, regions
from services.rollout.domain.audit import AuditAction, Deed, first_broken
from services.rollout.domain.change import State
from services.rollout.domain.plan import Plan, PlanState
from services.rollout.domain.region import Policy
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.verdict import Result
from services.rollout.use_cases.changes import Refusal, Why, Written
from shared.events import PolicyMode
from shared.postgres import postgres_engine, transaction
from shared.unavailable import DependencyUnavailable
from tests.contracts.rollout.change_evidence import digest_of
from tests.contracts.rollout.planning import Planning, hourly
from tests.unit.rollout.plans import content, plan, wave
from tests.unit.rollout.samples import NOON

HOUR = timedelta(hours=1)
DEED = Deed("rosa", AuditAction.PLAN_DRAFTED, "plan:1", None, {})
STRICT = Thresholds(
    minimum_sample=20,
    least_accepted=0.9,
    least_delivered=0.9,
    least_verified=0.5,
    most_bounced=0.05,
    most_locked=0.05,
    most_p95_accepted_s=30.0,
    most_below_baseline=0.2,
)


@pytest.fixture
async def planning(migrated_url: str) -> AsyncIterator[Planning]:
    engine = postgres_engine(migrated_url)
    async with transaction(engine) as connection:
        stop = sa.update(plans).where(plans.c.state == PlanState.RUNNING).values(state=PlanState.CANCELLED)
        await connection.execute(stop)
    yield Planning(engine)
    await engine.dispose()


@pytest.fixture
def names() -> list[str]:
    return [f"r{uuid4().hex[:12]}" for _ in range(4)]


def drafted() -> Plan:
    told = content(wave(zone="Europe/Berlin", thresholds=STRICT), wave("apac", announce_at=None, shadow_at=None))
    return replace(plan(PlanState.DRAFT, told), id=uuid4())


async def test_a_plan_is_found_as_it_was_written(planning: Planning) -> None:
    made = drafted()
    assert await planning.plans.write(None, made, DEED) is Written.DONE
    assert await planning.plans.find(made.id) == made
    found = await planning.plan(made.id)
    assert found.content.digest == made.content.digest
    assert [each for _, each in await planning.plans.listed(states=[], before=None, limit=1)] == [made]
    assert await planning.plans.find(uuid4()) is None


async def test_of_many_steps_from_one_revision_one_is_taken(planning: Planning) -> None:
    made = drafted()
    assert await planning.plans.write(None, made, DEED) is Written.DONE
    rivals = [made.cancel(f"rival {number}", NOON) for number in range(20)]
    taken = await asyncio.gather(*(planning.plans.write(made, each, DEED) for each in rivals if isinstance(each, Plan)))
    assert taken.count(Written.DONE) == 1
    assert await planning.plans.write(None, made, DEED) is Written.CHANGE_MOVED


async def test_three_waves_of_four_regions_by_themselves(planning: Planning, names: list[str]) -> None:
    """By two instances at once, round for round: each rung once, in order, never two in an hour."""
    first, second, third, fourth = names
    await planning.make(*names)
    running = await planning.run(
        hourly("one", [first], 3 * HOUR),
        hourly("two", [second, third], 4 * HOUR),
        hourly("three", [fourth], 5 * HOUR, announce_at=None),
    )
    rival = Planning(planning.engine)
    for _ in range(40):
        rival.now = planning.now + timedelta(minutes=20)
        await asyncio.gather(planning.round(timedelta(minutes=20)), rival.round())
    assert (await planning.plan(running.id)).state is PlanState.COMPLETED
    for name in names:
        history = await planning.regions.history(name)
        modes = [(each.policy.mode, each.policy.percent) for each in history]
        assert modes == [
            (PolicyMode.OFF, 0), (PolicyMode.OFF, 0), (PolicyMode.SHADOW, 0),
            (PolicyMode.RAMP, 500), (PolicyMode.RAMP, 2_500), (PolicyMode.ENFORCED, 10_000),
        ]  # fmt: skip
        climbed = [each.changed_at for each in history[2:]]
        assert all(after - before >= HOUR for before, after in pairwise(climbed))
    told = [len(await planning.announcements.of_region(name) or ()) for name in names]
    assert told == [1, 1, 1, 0]
    histories = [await planning.regions.history(name) for name in names]
    begins = [next(each.changed_at for each in history if each.policy.percent) for history in histories]
    ends = [(await planning.standing(name)).changed_at for name in names]
    assert begins[1] >= ends[0]
    assert begins[3] >= max(ends[1:3])
    head = await planning.audit.head()
    assert first_broken([entry async for entry in planning.audit.up_to(head)], head) is None


async def test_every_step_is_a_change_that_two_persons_stand_for(planning: Planning, names: list[str]) -> None:
    await planning.make(names[0])
    running = await planning.run(hourly("one", names[:1], 3 * HOUR))
    for _ in range(8):
        await planning.round(HOUR)
    async with transaction(planning.engine) as connection:
        chosen = sa.select(changes).where(changes.c.plan_id == running.id).order_by(changes.c.begun)
        made = (await connection.execute(chosen)).all()
    assert [row.state for row in made] == [State.APPLIED] * 5
    assert {(row.author, row.approved_by) for row in made} == {("rosa", "ava")}
    assert all(row.approved_digest == digest_of(row.content) for row in made)
    told = [entry async for entry in planning.audit.up_to(await planning.audit.head())]
    of_plan = [entry for entry in told if entry.subject == f"plan:{running.id}"]
    assert [(entry.action, entry.actor) for entry in of_plan] == [
        ("plan-drafted", "rosa"), ("plan-submitted", "rosa"), ("plan-approved", "ava"), ("plan-started", "rosa"),
        ("plan-completed", "system"),
    ]  # fmt: skip
    assert {entry.detail["digest"] for entry in of_plan} == {running.content.digest}
    assert [row.base_version for row in made] == [1, 2, 3, 4, 5]


async def test_a_paused_region_holds_its_plan_until_it_is_resumed(planning: Planning, names: list[str]) -> None:
    await planning.make(*names[:2])
    running = await planning.run(hourly("one", names[:2], 3 * HOUR))
    for _ in range(4):
        await planning.round(HOUR)
    await planning.paused(names[0])
    before = [await planning.percents(name) for name in names[:2]]
    for _ in range(5):
        await planning.round(HOUR)
    assert [await planning.percents(name) for name in names[:2]] == before
    assert (await planning.plan(running.id)).state is PlanState.RUNNING
    await planning.pause.resume(names[0], "rosa", "mended")
    await planning.round(HOUR)
    assert [(await planning.percents(name))[-1] for name in names[:2]] == [2_500, 2_500]


@pytest.mark.parametrize("result", [Result.HOLD, Result.FAIL])
async def test_no_step_without_a_pass(planning: Planning, names: list[str], result: Result) -> None:
    await planning.make(names[0])
    await planning.run(hourly("one", names[:1], 3 * HOUR))
    planning.verdicts[names[0]] = result
    for _ in range(12):
        await planning.round(HOUR)
    assert (await planning.percents(names[0]))[-1] == 500
    planning.verdicts[names[0]] = Result.PASS
    await planning.round()
    assert (await planning.percents(names[0]))[-1] == 2_500


async def test_somebody_elses_hand_halts_it_and_it_goes_on_when_it_was_approved_anew(
    planning: Planning, names: list[str]
) -> None:
    await planning.make(names[0])
    running = await planning.run(hourly("one", names[:1], 3 * HOUR))
    for _ in range(5):
        await planning.round(HOUR)
    lowered = await planning.set(names[0], Policy(PolicyMode.RAMP, 100))
    await planning.round(HOUR)
    halted = await planning.plan(running.id)
    assert halted.state is PlanState.HALTED
    assert halted.because == f"{names[0]} stands at version {lowered.version}, not at {lowered.version - 1}"
    await planning.round(HOUR)
    assert (await planning.standing(names[0])).version == lowered.version
    edited = await planning.propose.edit(halted.id, halted.revision, halted.content, "rosa")
    assert isinstance(edited, Plan)
    assert await planning.decide.start(edited.id, edited.revision, "rosa") == "not-in-this-state"
    submitted = await planning.decide.submit(edited.id, edited.revision, "rosa")
    assert isinstance(submitted, Plan)
    approved = await planning.decide.approve(edited.id, submitted.revision, "ava")
    assert isinstance(approved, Plan)
    assert isinstance(await planning.decide.start(edited.id, approved.revision, "rosa"), Plan)
    for _ in range(6):
        await planning.round(HOUR)
    assert (await planning.percents(names[0]))[-4:] == [100, 500, 2_500, 10_000]


async def test_no_step_is_applied_once_a_plan_was_paused(planning: Planning, names: list[str]) -> None:
    """A leader that looked before the pause and writes after it."""
    await planning.make(names[0])
    running = await planning.run(hourly("one", names[:1], 3 * HOUR))
    await planning.round()

    class PausedMeanwhile(PostgresPlans):
        async def running(self) -> list[Plan]:
            seen = await super().running()
            await planning.decide.pause(running.id, running.revision, "rosa", "support is ill")
            return seen

    stale = Planning(planning.engine, planning.now + 9 * HOUR)
    stale.plans = PausedMeanwhile(planning.engine)
    stale.advance._plans = stale.plans
    before = await planning.standing(names[0])
    await stale.round()
    assert await planning.standing(names[0]) == before
    paused = await planning.plan(running.id)
    assert (paused.state, paused.because) == (PlanState.PAUSED, "support is ill")
    assert isinstance(await planning.decide.resume(paused.id, paused.revision, "rosa"), Plan)


async def test_a_region_is_in_one_plan_that_runs(planning: Planning, names: list[str]) -> None:
    await planning.make(*names[:2])
    await planning.run(hourly("one", names[:1], 3 * HOUR))
    second = await planning.approved(hourly("one", names[:2], 3 * HOUR))
    assert await planning.decide.start(second.id, second.revision, "rosa") == Refusal(Why.REGION_IN_ANOTHER_PLAN)


async def test_a_step_of_what_the_plan_said_before_is_not_applied(planning: Planning, names: list[str]) -> None:
    """By a leader that looked, slept while the plan was paused, written anew, approved and started, and goes on."""
    await planning.make(names[0])
    running = await planning.run(hourly("one", names[:1], 3 * HOUR, announce_at=None, shadow_at=None))
    await planning.round()
    gentler = content(hourly("one", names[:1], 3 * HOUR, announce_at=None, shadow_at=None, steps=(100,)))

    class WrittenAnewMeanwhile(PostgresPlans):
        async def running(self) -> list[Plan]:
            seen = await super().running()
            paused = await planning.decide.pause(running.id, running.revision, "rosa", "too many at once")
            assert isinstance(paused, Plan)
            now: object = await planning.propose.edit(running.id, paused.revision, gentler, "rosa")
            decide = planning.decide
            for verb, by in ((decide.submit, "rosa"), (decide.approve, "ava"), (decide.start, "rosa")):
                assert isinstance(now, Plan), now
                now = await verb(running.id, now.revision, by)
            return seen

    stale = Planning(planning.engine, planning.now + 9 * HOUR)
    stale.plans = WrittenAnewMeanwhile(planning.engine)
    stale.advance._plans = stale.plans
    before = await planning.standing(names[0])
    await stale.round()
    assert (await planning.plan(running.id)).state is PlanState.RUNNING
    assert await planning.standing(names[0]) == before
    await planning.round(9 * HOUR)  # other dates
    await planning.round()
    assert (await planning.percents(names[0]))[-1] == 100


async def test_nobody_is_told_of_what_a_plan_said_before(planning: Planning, names: list[str]) -> None:
    await planning.make(names[0])
    running = await planning.run(hourly("one", names[:1], 3 * HOUR))
    await planning.round()

    class PausedMeanwhile(PostgresPlans):
        async def running(self) -> list[Plan]:
            seen = await super().running()
            await planning.decide.pause(running.id, running.revision, "rosa", "not this week")
            return seen

    stale = Planning(planning.engine, planning.now + HOUR)
    stale.plans = PausedMeanwhile(planning.engine)
    stale.advance._plans = stale.plans
    await stale.round()
    assert not await planning.announcements.of_region(names[0])


async def test_a_plan_that_was_rewritten_in_the_database_raises_nothing(planning: Planning, names: list[str]) -> None:
    await planning.make(names[0])
    running = await planning.run(hourly("one", names[:1], 3 * HOUR, announce_at=None, shadow_at=None))
    other = replace(running.content, reason="as nobody agreed")
    async with transaction(planning.engine) as connection:
        rewritten = sa.update(plans).where(plans.c.id == running.id).values(content=other.as_json())
        await connection.execute(rewritten)
    before = await planning.standing(names[0])
    await planning.round(9 * HOUR)
    assert await planning.standing(names[0]) == before
    assert (await planning.plan(running.id)).state is PlanState.HALTED


async def test_a_plan_that_cannot_go_on_does_not_keep_the_others(planning: Planning, names: list[str]) -> None:
    """Its region's row is locked by somebody, for longer than a statement waits."""
    await planning.make(*names[:2])
    for name in names[:2]:
        await planning.run(hourly("one", [name], 3 * HOUR, announce_at=None, shadow_at=None))
    locked = sa.select(regions.c.name).where(regions.c.name == names[0]).with_for_update()
    async with transaction(planning.engine) as connection:
        await connection.execute(locked)
        with pytest.raises(DependencyUnavailable):
            await planning.round()
        assert (await planning.standing(names[1])).version == 2
    await planning.round()
    assert (await planning.standing(names[0])).version == 2
