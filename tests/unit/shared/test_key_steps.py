"""The steps of a rotation: what each does to a ring, and when it has nothing to do."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.key_steps import Refusal, promoted, retired, with_key
from shared.keyring import Keyring
from tests.unit.shared.samples import private_ring

TODAY = date(2026, 11, 24)


def ids(ring: Keyring | Refusal) -> list[str]:
    assert isinstance(ring, Keyring)
    return [key.id for key in ring]


def test_three_steps_take_a_key_from_reading_to_writing_to_being_alone() -> None:
    first = with_key(None, b"1" * 32, TODAY, "p")
    added = with_key(first, b"2" * 32, TODAY)
    written = promoted(added)
    assert isinstance(written, Keyring)

    assert ids(added) == ["p-20261124-1", "p-20261124-2"]
    assert ids(written) == ["p-20261124-2", "p-20261124-1"]
    assert ids(retired(written)) == ["p-20261124-2"]
    assert written.current.secret == b"2" * 32


@pytest.mark.parametrize(
    ("before", "prefix", "after"),
    [
        ([], None, "k-20261124-1"),
        (["store-1"], None, "k-20261124-1"),  # made by hand
        (["pepper-1"], "pepper", "pepper-20261124-1"),
        (["p-20261123-7"], None, "p-20261124-1"),
        (["p-20261124-2", "p-20261124-1"], None, "p-20261124-3"),
        (["p-20261124-9"], "q", "q-20261124-10"),  # unique, and newer, whatever the prefix
        (["p-20261130-1"], None, "p-20261130-2"),  # made before the clock went back
    ],
)
def test_a_new_id_is_newer_than_every_other(before: list[str], prefix: str | None, after: str) -> None:
    ring = with_key(private_ring(*before) if before else None, bytes(32), TODAY, prefix)

    assert ids(ring) == [*before, after]


def test_a_key_that_writes_already_is_not_promoted_again_and_the_old_one_not_either() -> None:
    assert promoted(private_ring("p-20261124-2", "p-20261124-1")) is Refusal.NOTHING_ADDED
    assert promoted(private_ring("store-2", "store-1")) is Refusal.NOTHING_ADDED
    assert promoted(private_ring("p-20261124-1")) is Refusal.NOTHING_ADDED


def test_a_key_that_does_not_write_yet_is_not_dropped_as_if_it_were_old() -> None:
    assert retired(private_ring("p-20261124-1", "p-20261124-2")) is Refusal.NOT_PROMOTED
    assert retired(private_ring("p-20261124-1")) is Refusal.NOTHING_BEHIND


def test_the_tenth_key_of_a_day_is_newer_than_the_ninth() -> None:
    assert ids(promoted(private_ring("p-20261124-9", "p-20261124-10"))) == ["p-20261124-10", "p-20261124-9"]


@given(st.lists(st.tuples(st.sampled_from(["add", "promote", "retire"]), st.integers(-3, 3)), max_size=30))
def test_no_step_writes_with_a_key_that_the_step_before_did_not_have(steps: list[tuple[str, int]]) -> None:
    """So an instance that is one step behind can read what the others write."""
    ring, today = with_key(None, bytes(32), TODAY, "p"), TODAY
    for step, days in steps:
        today += timedelta(days)
        after: Keyring | Refusal
        if step == "add":
            after = with_key(ring, bytes(32), today)
        else:
            after = promoted(ring) if step == "promote" else retired(ring)
        if isinstance(after, Keyring):
            assert ring.get(after.current.id) is not None
            ring = after
