"""Which changes of a policy take two persons."""

from dataclasses import replace

import pytest

from services.rollout.domain.direction import Direction, direction
from services.rollout.domain.region import Policy
from shared.events import PolicyMode
from tests.unit.rollout.samples import DAY, ENFORCED, NOON, OFF, RAMP

SHADOW = Policy(PolicyMode.SHADOW, 0)
MORE = Policy(PolicyMode.RAMP, 2_501)
BYPASSED = replace(RAMP, mode=PolicyMode.BYPASSED, bypass_until=NOON)
DATED = replace(RAMP, announce_at=NOON, enforce_at=NOON + DAY)

RAISES = [
    (None, SHADOW),
    (None, ENFORCED),
    (OFF, SHADOW),
    (OFF, RAMP),
    (SHADOW, RAMP),
    (RAMP, MORE),
    (RAMP, ENFORCED),
    (ENFORCED, replace(ENFORCED, mode=PolicyMode.BYPASSED, bypass_until=NOON)),
    (BYPASSED, replace(BYPASSED, bypass_until=NOON + DAY)),
    (BYPASSED, MORE),
    (BYPASSED, ENFORCED),
    (OFF, replace(OFF, announce_at=NOON)),
    (DATED, replace(DATED, enforce_at=NOON)),
    (DATED, replace(DATED, enforce_at=NOON + 2 * DAY)),
    (DATED, replace(OFF, announce_at=NOON + DAY)),
]
LOWERS = [
    (None, OFF),
    (OFF, OFF),
    (SHADOW, OFF),
    (RAMP, SHADOW),
    (RAMP, OFF),
    (MORE, RAMP),
    (RAMP, RAMP),
    (ENFORCED, RAMP),
    (ENFORCED, OFF),
    (BYPASSED, RAMP),
    (BYPASSED, OFF),
    (DATED, RAMP),
    (DATED, replace(OFF, announce_at=NOON, enforce_at=NOON + DAY)),
]


@pytest.mark.parametrize(("before", "after"), RAISES)
def test_who_is_asked_more_or_spared_all_of_it_needs_another_person(before: Policy | None, after: Policy) -> None:
    assert direction(before, after) is Direction.RAISES


@pytest.mark.parametrize(("before", "after"), LOWERS)
def test_who_is_asked_less_needs_nobody(before: Policy | None, after: Policy) -> None:
    assert direction(before, after) is Direction.LOWERS
