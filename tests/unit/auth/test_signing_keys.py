"""The switch of signing keys by the clock: whatever the rotations, no instance meets a token it does not accept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.signing_keys import CLOCK_SKEW, LONGEST_TOKEN_LIFE, SigningKey, SigningKeys
from tests.fakes import NOW
from tests.unit.auth.samples import signing_key

REFRESH, LEAD = timedelta(seconds=5), timedelta(seconds=10)
SECOND = timedelta(seconds=1)
seconds = st.integers(0, 4 * 3600).map(lambda count: timedelta(seconds=count))
# Rotations as the command makes them: each key signs some time after it was made, at the earliest after the lead.
rotations = st.lists(st.tuples(seconds, seconds), min_size=1, max_size=6)


def made_by(rotated: Sequence[tuple[timedelta, timedelta]]) -> list[SigningKey]:
    made_at = accumulate((pause for pause, _ in rotated), lambda at, pause: at + pause, initial=NOW)
    first = signing_key("k0", created_at=NOW, signs_from=NOW)
    return [first] + [
        signing_key(f"k{place}", created_at=at, signs_from=at + LEAD + more)
        for place, (at, (_, more)) in enumerate(zip(list(made_at)[1:], rotated, strict=True), start=1)
    ]


def view(keys: Sequence[SigningKey], at: datetime) -> SigningKeys:
    """What an instance knows that read the table at `at`."""
    return SigningKeys(key for key in keys if key.created_at <= at)


@given(rotations, st.integers(0, 10 * 3600), st.integers(0, 5), st.integers(0, 5))
def test_what_any_instance_signs_every_other_accepts(
    rotated: list[tuple[timedelta, timedelta]], at_s: int, age_of_one: int, age_of_other: int
) -> None:
    keys, now = made_by(rotated), NOW + REFRESH + timedelta(seconds=at_s)
    one, other = view(keys, now - age_of_one * SECOND), view(keys, now - age_of_other * SECOND)
    signer = one.signer(now)

    assert signer is not None
    assert signer in other.accepted(now)
    assert other.get(signer.kid, now) == signer


@given(rotations, st.integers(0, 10 * 3600), st.integers(-60, 60), st.integers(0, 3600))
def test_a_token_is_accepted_for_its_whole_life_also_from_an_instance_whose_clock_is_wrong(
    rotated: list[tuple[timedelta, timedelta]], at_s: int, skew_s: int, age_s: int
) -> None:
    keys, now = made_by(rotated), NOW + timedelta(minutes=2) + timedelta(seconds=at_s)
    signer = view(keys, now).signer(now + skew_s * SECOND)
    later = now + age_s * SECOND

    assert signer is not None
    assert signer in view(keys, later).accepted(later)


@given(rotations, st.integers(0, 10 * 3600))
def test_a_key_is_published_for_the_whole_lead_before_it_signs(
    rotated: list[tuple[timedelta, timedelta]], at_s: int
) -> None:
    keys, now = made_by(rotated), NOW + LEAD + timedelta(seconds=at_s)
    signer = SigningKeys(keys).signer(now)

    assert signer is not None
    assert signer in view(keys, now - LEAD).accepted(now - LEAD)


@given(rotations, st.integers(0, 10 * 3600), st.data())
def test_a_withdrawn_key_is_never_accepted_and_takes_no_other_with_it(
    rotated: list[tuple[timedelta, timedelta]], at_s: int, data: st.DataObject
) -> None:
    keys, now = made_by(rotated), NOW + timedelta(seconds=at_s)
    before = {key.kid for key in SigningKeys(keys).accepted(now)}
    bad = data.draw(st.sampled_from(keys))
    withdrawn = signing_key(bad.kid, created_at=bad.created_at, signs_from=bad.signs_from, withdrawn_at=now)
    after = SigningKeys([withdrawn if key == bad else key for key in keys])

    assert after.get(bad.kid, now) is None
    assert before - {bad.kid} <= {key.kid for key in after.accepted(now)}


def test_the_former_key_ends_by_the_clock() -> None:
    keys = SigningKeys([signing_key("old"), signing_key("new", signs_from=NOW)])
    end = NOW + LONGEST_TOKEN_LIFE + CLOCK_SKEW

    assert [key.kid for key in keys.accepted(end)] == ["new", "old"]
    assert [key.kid for key in keys.accepted(end + SECOND)] == ["new"]
    assert keys.get("old", end + SECOND) is None


def test_a_key_that_is_withdrawn_before_its_time_leaves_the_signer_as_it_was() -> None:
    never = signing_key("next", signs_from=NOW + timedelta(hours=1), withdrawn_at=NOW)
    keys = SigningKeys([signing_key("old"), never])
    years = NOW + timedelta(days=1000)

    assert keys.signer(years) == signing_key("old")
    assert keys.get("old", years) is not None


def test_a_former_key_is_not_brought_back_when_its_successor_is_withdrawn() -> None:
    begun, later = NOW, NOW + timedelta(days=30)
    bad = signing_key("bad", signs_from=begun, withdrawn_at=later)
    substitute = signing_key("new", created_at=later, signs_from=later)
    keys = SigningKeys([signing_key("old"), bad, substitute])

    assert [key.kid for key in keys.accepted(later)] == ["new"]
    assert keys.signer(later) == substitute


def test_an_instance_whose_clock_is_behind_the_first_key_signs_with_it() -> None:
    only = signing_key("k", created_at=NOW + SECOND, signs_from=NOW + SECOND)

    assert SigningKeys([only]).signer(NOW) == only


def test_without_keys_nothing_signs_and_nothing_is_accepted() -> None:
    assert SigningKeys().signer(NOW) is None
    assert SigningKeys().accepted(NOW) == ()
    assert SigningKeys([signing_key("k", withdrawn_at=NOW)]).signer(NOW) is None


def test_a_fresh_key_is_named_by_its_day_and_shows_no_secret() -> None:
    key = SigningKey.fresh(lambda count: b"\x07" * count, NOW, LEAD)

    assert key.kid.startswith("20261124-")
    assert (len(key.seed), key.signs_from) == (32, NOW + LEAD)
    assert "x07" not in repr(key)


@pytest.mark.parametrize("kid", ["", "K0", "k1", "k0 ", "../k0"])
def test_a_key_is_found_by_its_own_id_only(kid: str) -> None:
    assert SigningKeys([signing_key("k0")]).get(kid, NOW) is None
