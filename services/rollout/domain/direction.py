"""Which way a policy goes: asking more people for a code, or letting more in without one, takes two persons. Pure."""

from enum import StrEnum
from typing import Final

from services.rollout.domain.region import EVERYBODY, Policy
from shared.events import PolicyMode

_OFF: Final = -2
_SHADOW: Final = -1  # nobody is asked; but what is counted there decides what comes next
_ENFORCED: Final = EVERYBODY + 1  # a ramp over everybody still spares who is new
_NEW: Final = Policy(PolicyMode.OFF, 0)


class Direction(StrEnum):
    RAISES = "raises"
    LOWERS = "lowers"


def direction(before: Policy | None, after: Policy) -> Direction:
    """`before` None: the region is new, as if it were off and without dates.

    Lowers: fewer are asked than before, or as many, and no date moves. A bypass raises, since it spares everybody what
    was approved for them; its end, early, lowers to what it ends in by the clock anyway.
    """
    if after.mode is PolicyMode.BYPASSED:
        return Direction.RAISES
    standing = before or _NEW
    if burden(after) > burden(standing):
        return Direction.RAISES
    if _moved(standing.announce_at, after.announce_at) or _moved(standing.enforce_at, after.enforce_at):
        return Direction.RAISES
    return Direction.LOWERS


def burden(policy: Policy) -> int:
    """Grows with how many are asked for a code: of a ramp its basis points, of a bypass what holds once it has ended,
    and then nobody is spared for being new."""
    match policy.mode:
        case PolicyMode.OFF:
            return _OFF
        case PolicyMode.SHADOW:
            return _SHADOW
        case PolicyMode.ENFORCED:
            return _ENFORCED
        case PolicyMode.BYPASSED if policy.percent == EVERYBODY:
            return _ENFORCED
    return policy.percent


def _moved(before: object, after: object) -> bool:
    """A date that is taken away promises nothing any more."""
    return after is not None and after != before
