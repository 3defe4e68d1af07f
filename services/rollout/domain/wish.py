"""What somebody wants of a region, before it is known where the region stands. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.rollout.domain.content import Content
from services.rollout.domain.region import Objection, Policy, Region, bypass_of


@dataclass(frozen=True, slots=True)
class Bypass:
    """Nobody is asked for a code until then."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`apply_at` None: once somebody applies it."""

    region: str
    policy: Policy | Bypass
    reason: str
    apply_at: datetime | None = None

    def content(self, standing: Region | None, now: datetime) -> Content | Objection:
        """Of a change of the region as it stands; None: it does not exist."""
        policy = self.policy
        if isinstance(policy, Bypass):
            if standing is None:
                return Objection.NOTHING_TO_BYPASS
            found = bypass_of(standing.policy, policy.until, self.apply_at or now)
            if isinstance(found, Objection):
                return found
            policy = found
        return Content(
            region=self.region,
            base_version=standing.version if standing else 0,
            policy=policy,
            reason=self.reason,
            apply_at=self.apply_at,
        )

    def is_what(self, content: Content) -> bool:
        """Whether this was wished for, wherever the region stood then."""
        policy = self.policy
        same = content.policy.bypass_until == policy.until if isinstance(policy, Bypass) else content.policy == policy
        return same and (content.region, content.reason, content.apply_at) == (self.region, self.reason, self.apply_at)
