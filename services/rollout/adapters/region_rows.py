"""Regions as rows, and rows as regions."""

from typing import Any

import sqlalchemy as sa

from services.rollout.adapters.tables import region_versions, regions
from services.rollout.domain.region import Policy, Region
from shared.events import PolicyMode

STANDING = sa.select(regions.c.name, regions.c.salt, region_versions).join(
    region_versions,
    (region_versions.c.region == regions.c.name) & (region_versions.c.version == regions.c.version),
)
"""Every region at the version that stands."""


def region_in(row: sa.Row[Any]) -> Region:
    return Region(
        name=row.name,
        salt=row.salt,
        version=row.version,
        policy=Policy(PolicyMode(row.mode), row.percent, row.announce_at, row.enforce_at, row.bypass_until),
        author=row.author,
        reason=row.reason,
        changed_at=row.changed_at,
        change_id=row.change_id,
    )


def version_row(region: Region) -> dict[str, Any]:
    return {
        "region": region.name,
        "version": region.version,
        "mode": region.policy.mode.value,
        "percent": region.policy.percent,
        "announce_at": region.policy.announce_at,
        "enforce_at": region.policy.enforce_at,
        "author": region.author,
        "reason": region.reason,
        "changed_at": region.changed_at,
        "bypass_until": region.policy.bypass_until,
        "change_id": region.change_id,
    }
