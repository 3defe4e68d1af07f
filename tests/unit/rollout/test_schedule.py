"""The public schedule."""

import pytest

from services.rollout.domain.region import Policy
from services.rollout.domain.schedule import PublicState, public_schedule, public_state
from shared.events import PolicyMode
from tests.unit.rollout.samples import DAY, NOON, region

PAST, FUTURE = NOON - DAY, NOON + DAY


@pytest.mark.parametrize("mode", [PolicyMode.OFF, PolicyMode.SHADOW])
@pytest.mark.parametrize(
    ("announce_at", "enforce_at", "state"),
    [
        (None, None, PublicState.NOT_PLANNED),
        (None, FUTURE, PublicState.PLANNED),
        (FUTURE, None, PublicState.PLANNED),
        (FUTURE, FUTURE + DAY, PublicState.PLANNED),
        (PAST, FUTURE, PublicState.ANNOUNCED),
        (NOON, FUTURE, PublicState.ANNOUNCED),
        (PAST, None, PublicState.ANNOUNCED),
        (PAST - DAY, PAST, PublicState.POSTPONED),
        (None, NOON, PublicState.POSTPONED),
    ],
)
def test_before_it_begins_the_dates_speak_and_shadow_looks_like_off(
    mode: PolicyMode, announce_at: object, enforce_at: object, state: PublicState
) -> None:
    assert public_state(Policy(mode, 0, announce_at, enforce_at), NOON) is state  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mode", "percent", "state"),
    [
        (PolicyMode.RAMP, 0, PublicState.ROLLING_OUT),
        (PolicyMode.RAMP, 10_000, PublicState.ROLLING_OUT),
        (PolicyMode.ENFORCED, 10_000, PublicState.REQUIRED),
    ],
)
def test_once_begun_the_mode_speaks(mode: PolicyMode, percent: int, state: PublicState) -> None:
    assert public_state(Policy(mode, percent, None, PAST), NOON) is state


def test_a_bypass_is_not_told_to_the_public() -> None:
    assert public_state(Policy(PolicyMode.BYPASSED, 0), NOON) is PublicState.REQUIRED


def test_regions_follow_their_dates_then_their_names_and_those_without_a_date_come_last() -> None:
    dated = {"nordics": FUTURE, "apac": FUTURE, "emea": NOON, "latam": None, "anz": None}
    regions = [region(name, Policy(PolicyMode.OFF, 0, None, at)) for name, at in dated.items()]
    assert [entry.region for entry in public_schedule(regions, NOON)] == ["emea", "apac", "nordics", "anz", "latam"]
