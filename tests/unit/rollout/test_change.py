"""What may be done with a change, in each state, by whom."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.rollout.domain.approval import Approval
from services.rollout.domain.change import Action, Change, ChangeObjection, State
from services.rollout.domain.content import Content
from services.rollout.domain.direction import Direction
from services.rollout.domain.region import Policy
from shared.events import PolicyMode
from tests.unit.rollout.samples import DAY, ENFORCED, NOON, RAMP

ID = UUID("6f1d2b8a-55a1-4a0a-9d38-8f2f6d0b7a11")
CONTENT = Content(region="emea", base_version=3, policy=RAMP, reason="wave 2", apply_at=NOON)
OTHER = replace(CONTENT, policy=ENFORCED)


def change(state: State, way: Direction = Direction.RAISES, content: Content = CONTENT) -> Change:
    """Written by rosa; approved by ava, where its state says that it was."""
    made = Change.draft(ID, content, way, "rosa", NOON)
    if state in (State.APPROVED, State.SCHEDULED):
        made = replace(made, approval=made.approval.given("ava", content.digest))
    return replace(made, state=state)


DO: dict[Action, Callable[[Change, datetime], Change | ChangeObjection]] = {
    Action.EDIT: lambda it, now: it.edit(OTHER, Direction.RAISES, "rosa", now),
    Action.SUBMIT: lambda it, now: it.submit(now),
    Action.APPROVE: lambda it, now: it.approve("ava", now),
    Action.REJECT: lambda it, now: it.reject("not on a Friday", now),
    Action.SCHEDULE: lambda it, now: it.schedule(now),
    Action.APPLY: lambda it, now: it.apply(now),
    Action.HALT: lambda it, now: it.halt("base-moved", now),
    Action.CANCEL: lambda it, now: it.cancel("no longer needed", now),
}
OPEN = {State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED}
BOTH = {
    **{(Action.EDIT, state): State.DRAFT for state in OPEN},
    (Action.SUBMIT, State.DRAFT): State.IN_REVIEW,
    (Action.APPROVE, State.IN_REVIEW): State.APPROVED,
    **{(Action.REJECT, state): State.REJECTED for state in OPEN - {State.DRAFT}},
    (Action.HALT, State.APPROVED): State.HALTED,
    (Action.HALT, State.SCHEDULED): State.HALTED,
    **{(Action.CANCEL, state): State.CANCELLED for state in OPEN},
    (Action.SCHEDULE, State.APPROVED): State.SCHEDULED,
    (Action.APPLY, State.APPROVED): State.APPLIED,
    (Action.APPLY, State.SCHEDULED): State.APPLIED,
}
TWO = ChangeObjection.UNAPPROVED
ALLOWED: dict[Direction, dict[tuple[Action, State], State | ChangeObjection]] = {
    Direction.RAISES: {
        **BOTH,
        **{(action, state): TWO for action in (Action.SCHEDULE, Action.APPLY) for state in OPEN - {State.APPROVED,
           State.SCHEDULED}},
    },
    Direction.LOWERS: {
        **BOTH,
        **{(Action.SCHEDULE, state): State.SCHEDULED for state in OPEN - {State.SCHEDULED}},
        **{(Action.APPLY, state): State.APPLIED for state in OPEN},
    },
}  # fmt: skip


@pytest.mark.parametrize("way", Direction)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_each_action_in_each_state(action: Action, state: State, way: Direction) -> None:
    before = change(state, way)
    after = DO[action](before, NOON)
    expected = ALLOWED[way].get((action, state), ChangeObjection.STATE)
    if isinstance(expected, ChangeObjection):
        assert after is expected
    else:
        assert isinstance(after, Change)
        assert (after.state, after.revision) == (expected, before.revision + 1)


@pytest.mark.parametrize("way", Direction)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_an_action_touches_nothing_but_what_it_is_about(action: Action, state: State, way: Direction) -> None:
    before = change(state, way)
    after = DO[action](before, NOON + DAY)
    if isinstance(after, ChangeObjection):
        return
    approval = {
        Action.EDIT: Approval(frozenset({"rosa"})),
        Action.APPROVE: Approval(frozenset({"rosa"}), "ava", CONTENT.digest),
    }
    assert after.approval == approval.get(action, before.approval)
    assert after.content == (OTHER if action is Action.EDIT else CONTENT)
    assert (after.ended_because is not None) == (action in (Action.REJECT, Action.HALT, Action.CANCEL))
    assert (after.id, after.author, after.changed_at) == (before.id, "rosa", NOON + DAY)


BEFORE_ITS_DATE: dict[Direction, dict[State, State | ChangeObjection]] = {
    Direction.RAISES: {
        **dict.fromkeys((State.DRAFT, State.IN_REVIEW), ChangeObjection.UNAPPROVED),
        **dict.fromkeys((State.APPROVED, State.SCHEDULED), ChangeObjection.EARLY),
    },
    Direction.LOWERS: dict.fromkeys(OPEN, State.APPLIED),
}


@pytest.mark.parametrize("way", Direction)
@pytest.mark.parametrize("state", State)
def test_applying_before_the_date_in_each_state(state: State, way: Direction) -> None:
    after = change(state, way).apply(NOON - timedelta(microseconds=1))
    expected = BEFORE_ITS_DATE[way].get(state, ChangeObjection.STATE)
    assert (after.state if isinstance(after, Change) else after) is expected


@pytest.mark.parametrize("way", Direction)
@pytest.mark.parametrize("state", State)
def test_in_no_state_is_anything_scheduled_without_a_date_or_approved_by_its_author(
    state: State, way: Direction
) -> None:
    undated = change(state, way, replace(CONTENT, apply_at=None))
    assert undated.schedule(NOON) is ChangeObjection.UNDATED
    assert undated.approve("rosa", NOON) is ChangeObjection.OWN


@pytest.mark.parametrize("state", [State.APPROVED, State.SCHEDULED])
@pytest.mark.parametrize(
    "worthless",
    [
        Approval(frozenset({"rosa"})),
        Approval(frozenset({"rosa"}), "ava", OTHER.digest),
        Approval(frozenset({"rosa", "ava"}), "ava", CONTENT.digest),
        Approval(frozenset({"rosa"}), None, CONTENT.digest),
    ],
)
def test_a_state_alone_is_no_approval(state: State, worthless: Approval) -> None:
    """Whoever wrote it there."""
    forged = replace(change(state), approval=worthless)
    assert forged.apply(NOON) is ChangeObjection.UNAPPROVED
    expected = ChangeObjection.STATE if state is State.SCHEDULED else ChangeObjection.UNAPPROVED
    assert forged.schedule(NOON) is expected


def test_nobody_approves_what_they_wrote_any_of() -> None:
    edited = change(State.DRAFT).edit(OTHER, Direction.RAISES, "ben", NOON)
    assert isinstance(edited, Change)
    submitted = edited.submit(NOON)
    assert isinstance(submitted, Change)
    assert [submitted.approve(who, NOON) for who in ("rosa", "ben")] == [ChangeObjection.OWN] * 2


@pytest.mark.parametrize("state", [State.APPROVED, State.SCHEDULED])
def test_an_edit_voids_the_approval_even_if_it_is_taken_back(state: State) -> None:
    edited = change(state).edit(OTHER, Direction.RAISES, "rosa", NOON)
    assert isinstance(edited, Change)
    back = edited.edit(CONTENT, Direction.RAISES, "rosa", NOON)
    assert isinstance(back, Change)
    for each in (edited, back):
        assert (each.approval.by, each.apply(NOON)) == (None, ChangeObjection.UNAPPROVED)


def test_an_approval_of_other_content_is_none() -> None:
    tampered = replace(change(State.APPROVED), content=OTHER)
    assert tampered.apply(NOON) is ChangeObjection.UNAPPROVED


def test_what_was_approved_for_a_date_is_not_applied_before_it() -> None:
    for state in (State.APPROVED, State.SCHEDULED):
        assert change(state).apply(NOON - DAY) is ChangeObjection.EARLY
        assert isinstance(change(state, Direction.LOWERS).apply(NOON - DAY), Change)


def test_without_a_date_it_is_applied_and_not_scheduled() -> None:
    undated = change(State.APPROVED, content=replace(CONTENT, apply_at=None))
    assert undated.schedule(NOON) is ChangeObjection.UNDATED
    assert isinstance(undated.apply(NOON), Change)


def test_it_is_due_from_its_date_on_while_it_is_scheduled() -> None:
    assert [change(State.SCHEDULED).due(at) for at in (NOON - DAY, NOON, NOON + DAY)] == [False, True, True]
    assert not change(State.APPROVED).due(NOON)


def test_the_digest_covers_all_that_is_wanted() -> None:
    others = [
        replace(CONTENT, region="amer"),
        replace(CONTENT, base_version=4),
        replace(CONTENT, policy=Policy(PolicyMode.RAMP, 2_501)),
        replace(CONTENT, policy=replace(RAMP, enforce_at=NOON)),
        replace(CONTENT, policy=replace(RAMP, announce_at=NOON)),
        replace(CONTENT, reason="wave 3"),
        replace(CONTENT, apply_at=None),
    ]
    assert len({CONTENT.digest, *(each.digest for each in others)}) == len(others) + 1
    assert replace(CONTENT).digest == CONTENT.digest
