"""Which way a policy goes: asking more people for a code, or letting more in without one, takes two persons. Pure."""

from enum import StrEnum
from typing import Final

from services.rollout.domain.region import EVERYBODY, Policy
from shared.events import PolicyMode

_OFF: Final = -1
_SHADOW: Final = 0  # nobody is asked; but what is counted there decides what comes next


class Direction(StrEnum):
    RAISES = "raises"
    LOWERS = "lowers"


def direction(before: Policy | None, after: Policy) -> Direction:
    """`before` None: the region is new, as if it were off.

    Lowers: fewer are asked than before, or as many, and no date moves. A bypass raises, since it spares everybody what
    was approved for them; its end, early, lowers to what it ends in by the clock anyway.
    """
    if after.mode is PolicyMode.BYPASSED:
        return Direction.RAISES
    standing = _OFF if before is None else burden(before)
    if burden(after) > standing:
        return Direction.RAISES
    if before is not None and (
        _moved(before.announce_at, after.announce_at) or _moved(before.enforce_at, after.enforce_at)
    ):
        return Direction.RAISES
    return Direction.LOWERS


def burden(policy: Policy) -> int:
    """How many are asked for a code, in basis points; of a bypass those that are once it has ended."""
    match policy.mode:
        case PolicyMode.OFF:
            return _OFF
        case PolicyMode.SHADOW:
            return _SHADOW
        case PolicyMode.ENFORCED:
            return EVERYBODY
    return policy.percent


def _moved(before: object, after: object) -> bool:
    """A date that is taken away promises nothing any more."""
    return after is not None and after != before
