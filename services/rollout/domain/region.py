"""A region, its policy, and what makes a policy unacceptable. Pure.

`percent` is in basis points and always says which share of the region's accounts must give a code: a ramp's is chosen,
every other mode's follows from the mode, so that no reader can take a left-over number for a rule.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from shared.events import PolicyMode

EVERYBODY: Final = 10_000
_SHARE: Final = {PolicyMode.OFF: 0, PolicyMode.SHADOW: 0, PolicyMode.ENFORCED: EVERYBODY, PolicyMode.BYPASSED: 0}


class Objection(StrEnum):
    """Why a policy is refused."""

    RAMP_NEEDS_PERCENT = "ramp_needs_percent"
    ANNOUNCED_AFTER_ENFORCED = "announce_at_after_enforce_at"


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds in a region. Made by `policy_of`, which knows what `percent` must be."""

    mode: PolicyMode
    percent: int
    announce_at: datetime | None = None
    enforce_at: datetime | None = None


def policy_of(
    mode: PolicyMode, percent: int | None, announce_at: datetime | None, enforce_at: datetime | None
) -> Policy | Objection:
    """The policy that was asked for. A `percent` given with another mode than ramp is ignored."""
    if mode is PolicyMode.RAMP and percent is None:
        return Objection.RAMP_NEEDS_PERCENT
    if announce_at and enforce_at and announce_at > enforce_at:
        return Objection.ANNOUNCED_AFTER_ENFORCED
    share = percent if mode is PolicyMode.RAMP and percent is not None else _SHARE[mode]
    return Policy(mode, share, announce_at, enforce_at)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an operator wants, who that is, and why."""

    policy: Policy
    author: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region at one version. `salt` spreads accounts over the ramp; it never changes, or a rise would reshuffle."""

    name: str
    salt: str
    version: int
    policy: Policy
    author: str
    reason: str
    changed_at: datetime

    @classmethod
    def first(cls, name: str, salt: str, decision: Decision, at: datetime) -> Self:
        return cls(
            name=name,
            salt=salt,
            version=1,
            policy=decision.policy,
            author=decision.author,
            reason=decision.reason,
            changed_at=at,
        )

    def next(self, decision: Decision, at: datetime) -> Self:
        """The following version. Equal content makes one too: it is another decision, with its own reason."""
        return replace(
            self,
            version=self.version + 1,
            policy=decision.policy,
            author=decision.author,
            reason=decision.reason,
            changed_at=at,
        )
