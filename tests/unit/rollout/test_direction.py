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
EVERYBODY_RAMPED = Policy(PolicyMode.RAMP, 10_000)
NOBODY_RAMPED = Policy(PolicyMode.RAMP, 0)
BYPASSED_ENFORCED = replace(ENFORCED, mode=PolicyMode.BYPASSED, bypass_until=NOON)
DATED = replace(RAMP, announce_at=NOON, enforce_at=NOON + DAY)

RAISES = [
    (None, SHADOW),
    (None, ENFORCED),
    (None, replace(OFF, announce_at=NOON)),
    (None, replace(OFF, enforce_at=NOON)),
    (OFF, SHADOW),
    (OFF, RAMP),
    (SHADOW, RAMP),
    (RAMP, MORE),
    (RAMP, ENFORCED),
    (SHADOW, NOBODY_RAMPED),  # the public schedule says that it begins
    (EVERYBODY_RAMPED, ENFORCED),  # a ramp spares who is new
    (ENFORCED, BYPASSED_ENFORCED),
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
    (NOBODY_RAMPED, SHADOW),
    (ENFORCED, RAMP),
    (ENFORCED, EVERYBODY_RAMPED),
    (BYPASSED_ENFORCED, ENFORCED),
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
