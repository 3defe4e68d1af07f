"""What may be done with a plan, in each state, by whom."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.rollout.domain.plan import Plan, PlanAction, PlanRefusal, PlanState
from services.rollout.domain.plan_content import PlanContent, PlanObjection
from tests.unit.rollout.plans import content, plan, shown, wave
from tests.unit.rollout.samples import NOON

OTHER = content(wave(steps=(9_000,)))
DO: dict[PlanAction, Callable[[Plan, datetime], Plan | PlanRefusal]] = {
    PlanAction.EDIT: lambda it, now: it.edit(OTHER, "rosa", now),
    PlanAction.SUBMIT: lambda it, now: it.submit(now),
    PlanAction.APPROVE: lambda it, now: it.approve("ava", now),
    PlanAction.REJECT: lambda it, now: it.reject("not before the fair", now),
    PlanAction.START: lambda it, now: it.start(now),
    PlanAction.PAUSE: lambda it, now: it.pause("support is ill", now),
    PlanAction.RESUME: lambda it, now: it.resume(now),
    PlanAction.HALT: lambda it, now: it.halt("base moved", now),
    PlanAction.COMPLETE: lambda it, now: it.complete(now),
    PlanAction.CANCEL: lambda it, now: it.cancel("no longer needed", now),
}
OVER = {PlanState.COMPLETED, PlanState.REJECTED, PlanState.CANCELLED}
ALLOWED = {
    **{(PlanAction.EDIT, state): PlanState.DRAFT for state in set(PlanState) - OVER - {PlanState.RUNNING}},
    (PlanAction.SUBMIT, PlanState.DRAFT): PlanState.IN_REVIEW,
    (PlanAction.APPROVE, PlanState.IN_REVIEW): PlanState.APPROVED,
    (PlanAction.REJECT, PlanState.IN_REVIEW): PlanState.REJECTED,
    (PlanAction.REJECT, PlanState.APPROVED): PlanState.REJECTED,
    (PlanAction.START, PlanState.APPROVED): PlanState.RUNNING,
    (PlanAction.PAUSE, PlanState.RUNNING): PlanState.PAUSED,
    (PlanAction.RESUME, PlanState.PAUSED): PlanState.RUNNING,
    (PlanAction.HALT, PlanState.RUNNING): PlanState.HALTED,
    (PlanAction.COMPLETE, PlanState.RUNNING): PlanState.COMPLETED,
    **{(PlanAction.CANCEL, state): PlanState.CANCELLED for state in set(PlanState) - OVER},
}


@pytest.mark.parametrize("state", PlanState)
@pytest.mark.parametrize("action", PlanAction)
def test_each_action_in_each_state(action: PlanAction, state: PlanState) -> None:
    before = plan(state)
    after = DO[action](before, NOON)
    expected = ALLOWED.get((action, state))
    if expected is None:
        assert after is PlanRefusal.STATE
    else:
        assert isinstance(after, Plan)
        assert (after.state, after.revision) == (expected, before.revision + 1)


@pytest.mark.parametrize("state", [PlanState.APPROVED, PlanState.PAUSED])
def test_what_is_not_approved_as_it_stands_does_not_run(state: PlanState) -> None:
    other = replace(plan(state), content=OTHER)
    assert (
        DO[PlanAction.START if state is PlanState.APPROVED else PlanAction.RESUME](other, NOON) == "two-person-required"
    )


def test_nobody_approves_what_they_wrote() -> None:
    assert plan(PlanState.IN_REVIEW).approve("rosa", NOON) is PlanRefusal.OWN


def test_an_edit_voids_the_approval_and_makes_another_author() -> None:
    edited = plan(PlanState.PAUSED).edit(OTHER, "ava", NOON)
    assert isinstance(edited, Plan)
    assert edited.approval.by is None
    submitted = edited.submit(NOON)
    assert isinstance(submitted, Plan)
    assert submitted.approve("ava", NOON) is PlanRefusal.OWN
    assert isinstance(submitted.approve("olga", NOON), Plan)


def test_the_digest_covers_the_versions_that_the_plan_was_written_on() -> None:
    assert content().on_bases({"emea": 1}).digest == content().digest
    assert content().on_bases({"emea": 2}).digest != content().digest
    assert content().on_bases({}).waves[0].members[0].base_version == 0


@pytest.mark.parametrize(
    ("wanted", "objection"),
    [
        (content(), None),
        (content(wave(announce_at=None, shadow_at=None, steps=())), None),
        (content(wave("emea", "emea")), PlanObjection.REGION_TWICE),
        (content(wave("emea"), wave("apac"), wave("emea")), PlanObjection.REGION_TWICE),
        (content(wave(steps=(2_500, 2_500))), PlanObjection.STEPS_DO_NOT_RISE),
        (content(wave(steps=(0, 2_500))), PlanObjection.STEPS_DO_NOT_RISE),
        (content(wave(steps=(500, 10_000))), PlanObjection.STEPS_DO_NOT_RISE),
        (content(wave(step_every=timedelta(0))), PlanObjection.STEP_INTERVAL),
        (content(wave(step_every=timedelta(days=91))), PlanObjection.STEP_INTERVAL),
        (content(wave(announce_at=shown("2026-11-30T09:00"))), PlanObjection.ANNOUNCED_TOO_LATE),
        (content(wave(announce_at=shown("2026-11-30T08:59:59.500"))), PlanObjection.NOTICE),
        (content(wave(announce_at=shown("2025-11-30T08:00"))), PlanObjection.NOTICE),
        (content(wave(announce_at=shown("2025-11-30T09:00"))), None),
        (content(wave(shadow_at=shown("2026-11-29T09:00"))), None),
        (content(wave(shadow_at=shown("2026-11-29T09:01"))), PlanObjection.SHADOW_TOO_SHORT),
        (content(wave("emea"), wave("apac", begin_at=shown("2026-11-30T08:00"))), PlanObjection.WAVES_OUT_OF_ORDER),
    ],
)
def test_what_a_plan_may_say(wanted: PlanContent, objection: PlanObjection | None) -> None:
    assert wanted.objection() is objection
