"""A region, its policy, and what makes a policy unacceptable. Pure.

`percent` is in basis points and always says which share of the region's accounts must give a code: a ramp's is chosen,
every other mode's follows from the mode, so that no reader can take a left-over number for a rule. A bypass asks nobody
until it ends, and then, by the clock, the share that the policy asked before.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from shared.events import PolicyMode

EVERYBODY: Final = 10_000
LONGEST_BYPASS: Final = timedelta(hours=4)  # DESIGN §5
_SHARE: Final = {PolicyMode.OFF: 0, PolicyMode.SHADOW: 0, PolicyMode.ENFORCED: EVERYBODY}


class Objection(StrEnum):
    """Why a policy is refused."""

    RAMP_NEEDS_PERCENT = "ramp_needs_percent"
    ANNOUNCED_AFTER_ENFORCED = "announce_at_after_enforce_at"
    BYPASS_IS_NO_MODE = "bypass_needs_an_end"
    NOTHING_TO_BYPASS = "nothing_to_bypass"
    BYPASS_LENGTH = "bypass_of_0_to_4_hours"


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds in a region. Made by `policy_of` or `bypass_of`, which know what `percent` must be."""

    mode: PolicyMode
    percent: int
    announce_at: datetime | None = None
    enforce_at: datetime | None = None
    bypass_until: datetime | None = None


def policy_of(
    mode: PolicyMode, percent: int | None, announce_at: datetime | None, enforce_at: datetime | None
) -> Policy | Objection:
    """The policy that was asked for. A `percent` given with another mode than ramp is ignored."""
    if mode is PolicyMode.BYPASSED:
        return Objection.BYPASS_IS_NO_MODE
    if mode is PolicyMode.RAMP and percent is None:
        return Objection.RAMP_NEEDS_PERCENT
    if announce_at and enforce_at and announce_at > enforce_at:
        return Objection.ANNOUNCED_AFTER_ENFORCED
    share = percent if mode is PolicyMode.RAMP and percent is not None else _SHARE[mode]
    return Policy(mode, share, announce_at, enforce_at)


def bypass_of(standing: Policy, until: datetime, now: datetime) -> Policy | Objection:
    """Nobody is asked for a code until then; whoever is asked afterwards is who was before. A bypass that holds may be
    made longer: 4 hours from now at most."""
    if standing.mode not in (PolicyMode.RAMP, PolicyMode.ENFORCED, PolicyMode.BYPASSED) or standing.percent == 0:
        return Objection.NOTHING_TO_BYPASS
    if not bypass_fits(until, now):
        return Objection.BYPASS_LENGTH
    return replace(standing, mode=PolicyMode.BYPASSED, bypass_until=until)


def after_bypass(policy: Policy) -> Policy:
    """What holds once its bypass has ended; any other policy is that already."""
    if policy.mode is not PolicyMode.BYPASSED:
        return policy
    mode = PolicyMode.ENFORCED if policy.percent == EVERYBODY else PolicyMode.RAMP
    return replace(policy, mode=mode, bypass_until=None)


def bypass_fits(until: datetime, now: datetime) -> bool:
    """Whether a bypass that begins now may last until then."""
    return timedelta(0) < until - now <= LONGEST_BYPASS


@dataclass(frozen=True, slots=True)
class Decision:
    """What an operator wants, who that is, and why. `change_id`: of the change that it was applied by."""

    policy: Policy
    author: str
    reason: str
    change_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region at one version. `salt` spreads accounts over the ramp; it never changes, or a rise would reshuffle.
    `change_id`: what made this version; None for those from before changes."""

    name: str
    salt: str
    version: int
    policy: Policy
    author: str
    reason: str
    changed_at: datetime
    change_id: UUID | None = None

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
            change_id=decision.change_id,
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
            change_id=decision.change_id,
        )
