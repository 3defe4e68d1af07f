"""What a running plan does next."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.rollout.domain.course import course
from services.rollout.domain.move import Climb, Done, Move, Moved, Progress, Tell, Wait, Waiting
from services.rollout.domain.plan_content import PlanContent
from services.rollout.domain.region import Policy, Region
from services.rollout.domain.verdict import Result, Verdict
from services.rollout.domain.wave import RungName, Wave
from shared.events import PolicyMode
from tests.unit.rollout.plans import content, shown, wave
from tests.unit.rollout.samples import ENFORCED, NOON, OFF, region

ANNOUNCE = datetime(2026, 11, 25, 9, tzinfo=UTC)
ENDS = datetime(2026, 12, 2, 9, tzinfo=UTC)
DATES: Any = {"announce_at": ANNOUNCE, "enforce_at": ENDS}
DATED = replace(OFF, **DATES)
SHADOW = Policy(PolicyMode.SHADOW, 0, **DATES)
FIRST = Policy(PolicyMode.RAMP, 500, **DATES)
SECOND = Policy(PolicyMode.RAMP, 2_500, **DATES)
ALL = replace(ENFORCED, **DATES)
BEGIN = datetime(2026, 11, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def at(policy: Policy | None, since: datetime = NOON, version: int = 1, name: str = "emea") -> Progress:
    """Told of, unless it stands where it did; the plan left it at this version."""
    standing = None if policy is None else replace(region(name, policy, version), changed_at=since)
    return Progress(standing=standing, left_at=version, begins_at=None if policy in (None, OFF, DATED) else BEGIN)


def says(result: Result) -> Verdict:
    return Verdict(result=result, because=f"the test says {result}", as_of=NOON)


def moves(
    known: Mapping[str, Progress] | Progress,
    now: datetime,
    told: PlanContent | None = None,
    result: Result = Result.PASS,
) -> list[Move]:
    progress = {"emea": known} if isinstance(known, Progress) else known
    return course(told or content(), progress, lambda *_: says(result), now)


def the_move(known: Progress, now: datetime, result: Result = Result.PASS, told: PlanContent | None = None) -> Move:
    (move,) = moves(known, now, told, result)
    return move


@pytest.mark.parametrize(
    ("stands", "now", "name", "policy"),
    [
        (at(OFF), NOON, RungName.DATED, DATED),
        (replace(at(SHADOW, ANNOUNCE)), BEGIN, RungName.STEP, FIRST),
        (at(FIRST, BEGIN), BEGIN + DAY, RungName.STEP, SECOND),
        (at(SECOND, BEGIN + DAY), ENDS, RungName.ENFORCED, ALL),
        (replace(at(DATED), begins_at=BEGIN), datetime(2026, 11, 27, 9, tzinfo=UTC), RungName.SHADOW, SHADOW),
    ],
)
def test_the_next_rung_at_its_date(stands: Progress, now: datetime, name: RungName, policy: Policy) -> None:
    move = the_move(stands, now)
    assert isinstance(move, Climb)
    assert (move.rung.name, move.rung.policy) == (name, policy)


@pytest.mark.parametrize(
    ("stands", "date", "why"),
    [
        (replace(at(DATED), begins_at=BEGIN), datetime(2026, 11, 27, 9, tzinfo=UTC), Waiting.DATE),
        (at(SHADOW, ANNOUNCE), BEGIN, Waiting.DATE),
        (at(FIRST, BEGIN), BEGIN + DAY, Waiting.DATE),
        (at(FIRST, BEGIN + 7 * DAY), BEGIN + 8 * DAY, Waiting.INTERVAL),
        (replace(at(SHADOW, ANNOUNCE), begins_at=BEGIN + 2 * DAY), BEGIN + 2 * DAY, Waiting.NOTICE),
    ],
)
def test_not_a_second_before(stands: Progress, date: datetime, why: Waiting) -> None:
    early = the_move(stands, date - timedelta(seconds=1))
    assert isinstance(early, Wait)
    assert (early.why, early.until) == (why, date)
    assert isinstance(the_move(stands, date), Climb)


def test_who_comes_late_climbs_one_rung_at_a_time() -> None:
    late = BEGIN + 60 * DAY
    shadow = the_move(replace(at(DATED), begins_at=BEGIN), late)
    assert isinstance(shadow, Climb)
    assert shadow.rung.name is RungName.SHADOW
    climbed, steps = at(SHADOW, late), []
    for day in range(4):
        assert isinstance(the_move(climbed, late + day * DAY), Wait)
        move = the_move(climbed, late + (day + 1) * DAY)
        if isinstance(move, Done):
            break
        assert isinstance(move, Climb)
        steps.append(move.rung.policy.percent)
        climbed = at(move.rung.policy, late + (day + 1) * DAY)
        if move.rung.name is RungName.ENFORCED:
            break
    assert steps == [500, 2_500, 10_000]


def test_people_are_told_at_the_date_and_with_the_notice_that_was_planned() -> None:
    on_time = the_move(at(DATED), ANNOUNCE)
    late = the_move(at(DATED), ANNOUNCE + 3 * DAY)
    assert on_time == Tell(content().waves[0].members[0], BEGIN)
    assert late == Tell(content().waves[0].members[0], BEGIN + 3 * DAY)
    silent = content(wave(announce_at=None))
    assert isinstance(the_move(replace(at(SHADOW, ANNOUNCE), begins_at=None), BEGIN, told=silent), Climb)


def test_nobody_is_asked_who_was_not_told() -> None:
    untold = replace(at(SHADOW, ANNOUNCE), begins_at=None)
    assert isinstance(the_move(untold, BEGIN), Tell)


@pytest.mark.parametrize("result", [Result.HOLD, Result.FAIL])
def test_more_are_asked_only_once_the_region_passes(result: Result) -> None:
    move = the_move(at(FIRST, BEGIN), BEGIN + DAY, result)
    assert isinstance(move, Wait)
    assert (move.why, move.verdict) == (Waiting.OWN_GATE, says(result))
    assert isinstance(the_move(at(SHADOW, ANNOUNCE), BEGIN, result), Climb)  # nobody was asked yet: nothing to judge


def test_the_region_is_somebody_elses_now() -> None:
    assert the_move(replace(at(FIRST, version=5), left_at=4), BEGIN) == Moved(content().waves[0].members[0], 4, 5)
    assert isinstance(the_move(replace(at(FIRST, version=5), left_at=None), BEGIN), Moved)
    gone = Progress(standing=None, left_at=None)
    assert the_move(gone, NOON) == Moved(content().waves[0].members[0], 1, 0)


def test_a_plan_that_was_written_anew_goes_on_from_where_the_region_stands() -> None:
    told = content().on_bases({"emea": 7})
    assert isinstance(the_move(replace(at(FIRST, BEGIN, version=7), left_at=4), BEGIN + DAY, told=told), Climb)


def test_a_plan_can_make_a_region() -> None:
    told = content().on_bases({})
    move = the_move(Progress(standing=None), NOON, told=told)
    assert isinstance(move, Climb)
    assert move.rung.policy == DATED


TWO_WAVES = content(wave("emea", "nordics"), wave("apac", name="wave 2"))


def two(emea: Policy, nordics: Policy, apac: Policy) -> dict[str, Progress]:
    policies = {"emea": emea, "nordics": nordics, "apac": apac}
    return {name: at(policy, BEGIN, name=name) for name, policy in policies.items()}


def test_a_wave_asks_nobody_before_those_before_it_are_through() -> None:
    late = BEGIN + 9 * DAY
    *_, apac = moves(two(ALL, SECOND, SHADOW), late, TWO_WAVES)
    assert isinstance(apac, Wait)
    assert apac.why is Waiting.EARLIER_WAVE
    *_, apac = moves(two(ALL, ALL, SHADOW), late, TWO_WAVES, Result.HOLD)
    assert isinstance(apac, Wait)
    assert (apac.why, apac.verdict) == (Waiting.EARLIER_GATE, says(Result.HOLD))
    *_, apac = moves(two(ALL, ALL, SHADOW), late, TWO_WAVES)
    assert isinstance(apac, Climb)


def test_shadow_asks_nobody_and_waits_for_nobody() -> None:
    known = two(OFF, OFF, DATED)
    *_, apac = moves(known | {"apac": replace(known["apac"], begins_at=BEGIN)}, BEGIN, TWO_WAVES, Result.HOLD)
    assert isinstance(apac, Climb)


def test_a_pause_of_one_region_holds_the_whole_plan() -> None:
    known = two(FIRST, FIRST, OFF)
    paused = known | {"nordics": replace(known["nordics"], paused=True)}
    for move in moves(paused, BEGIN + 9 * DAY, TWO_WAVES):
        assert isinstance(move, Wait)
        assert move.why is Waiting.PAUSE


def test_so_does_a_bypass_until_it_ends() -> None:
    bypassed = Policy(PolicyMode.BYPASSED, 500, **DATES, bypass_until=BEGIN + 3 * DAY)
    told = content()
    held = the_move(at(bypassed, BEGIN), BEGIN + 2 * DAY, told=told)
    assert isinstance(held, Wait)
    assert held.why is Waiting.BYPASS
    ended = the_move(at(bypassed, BEGIN), BEGIN + 3 * DAY, told=told)
    assert isinstance(ended, Wait)  # those who were asked before are asked again, and that is a rung
    assert (ended.why, ended.until) == (Waiting.INTERVAL, BEGIN + 4 * DAY)
    ended = the_move(at(bypassed, BEGIN), BEGIN + 4 * DAY, told=told)
    assert isinstance(ended, Climb)
    assert ended.rung.policy == SECOND


def test_done_when_everybody_is_asked() -> None:
    assert the_move(at(ALL, ENDS), ENDS + DAY, Result.HOLD) == Done(content().waves[0].members[0])
    assert isinstance(the_move(at(ENFORCED), NOON), Done)


@pytest.mark.parametrize(("zone", "hour"), [("Europe/Berlin", 8), ("America/New_York", 14), ("Asia/Tokyo", 0)])
def test_dates_are_on_the_regions_clock(zone: str, hour: int) -> None:
    there = wave(zone=zone, announce_at=None)
    shadow = next(rung.policy for rung in there.ladder(there.members[0], OFF) if rung.name is RungName.SHADOW)
    move = the_move(replace(at(shadow), begins_at=None), NOON, told=content(there))
    assert isinstance(move, Wait)
    assert move.until == BEGIN.replace(hour=hour)


def test_a_step_stays_at_its_hour_when_the_clocks_change() -> None:
    spring: Wave = wave(zone="Europe/Berlin", announce_at=None, shadow_at=None, begin_at=shown("2027-03-27T09:00"))
    told = content(spring)
    climbed = datetime(2027, 3, 27, 8, tzinfo=UTC)
    ladder = {rung.policy.percent: rung.policy for rung in spring.ladder(spring.members[0], OFF)}
    known = replace(at(ladder[500], climbed), begins_at=None)
    next_day = datetime(2027, 3, 28, 7, tzinfo=UTC)
    assert isinstance(the_move(known, next_day - timedelta(seconds=1), told=told), Wait)
    assert isinstance(the_move(known, next_day, told=told), Climb)


def test_steps_of_less_than_a_day_do_not_fall_together_in_autumn() -> None:
    """What came at 02:05 for the second time has its half hour, although 02:35 was before."""
    autumn = wave(
        zone="Europe/Berlin", announce_at=None, shadow_at=None,
        begin_at=shown("2027-10-31T00:00"), step_every=timedelta(minutes=30),
    )  # fmt: skip
    climbed = datetime(2027, 10, 31, 1, 5, tzinfo=UTC)
    ladder = {rung.policy.percent: rung.policy for rung in autumn.ladder(autumn.members[0], OFF)}
    known = replace(at(ladder[500], climbed), begins_at=None)
    early = the_move(known, climbed + timedelta(minutes=29), told=content(autumn))
    assert isinstance(early, Wait)
    assert (early.why, early.until) == (Waiting.INTERVAL, climbed + timedelta(minutes=30))


def test_a_ramp_over_nobody_has_nothing_to_be_judged_by() -> None:
    nobody = Policy(PolicyMode.RAMP, 0, **DATES)
    assert isinstance(the_move(at(nobody, ANNOUNCE), BEGIN, Result.HOLD), Climb)
    *_, apac = moves(two(ALL, SECOND, nobody), BEGIN + 9 * DAY, TWO_WAVES)
    assert isinstance(apac, Wait)
    assert apac.why is Waiting.EARLIER_WAVE


def test_each_region_is_judged_once_however_many_wait_for_it() -> None:
    first, second, third = [f"a{n}" for n in range(30)], [f"b{n}" for n in range(30)], [f"c{n}" for n in range(30)]
    told = content(wave(*first), wave(*second, name="wave 2"), wave(*third, name="wave 3"))
    known = {name: at(ALL, BEGIN, name=name) for name in first + second}
    known |= {name: at(SHADOW, ANNOUNCE, name=name) for name in third}
    judged: list[str] = []

    def gate(_: Wave, standing: Region, __: datetime) -> Verdict:
        judged.append(standing.name)
        return says(Result.PASS)

    found = course(told, known, gate, BEGIN + 9 * DAY)
    assert [move.member.region for move in found if isinstance(move, Climb)] == third
    assert judged == first + second
