"""A region's policy as the event that tells it to others."""

from services.rollout.domain.region import Region
from shared.events import RegionPolicyChanged


def policy_event(region: Region) -> RegionPolicyChanged:
    """The whole policy. Equal for equal versions, so that publishing it again changes nothing for a reader."""
    return RegionPolicyChanged(
        region=region.name,
        version=region.version,
        mode=region.policy.mode,
        percent=region.policy.percent,
        salt=region.salt,
        announce_at=region.policy.announce_at,
        enforce_at=region.policy.enforce_at,
        bypass_until=region.policy.bypass_until,
        changed_at=region.changed_at,
    )
