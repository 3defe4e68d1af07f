"""Make what a change wants the region's policy: by compare-and-set on the version that it was made on."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.change import Change, ChangeObjection
from services.rollout.domain.region import Decision, Objection, Region, bypass_fits
from services.rollout.use_cases.changes import Applied, Changes, Refusal, Refused, Regions, Why, Written, deed
from services.rollout.use_cases.policy_event import policy_event

_log = structlog.get_logger()


class ApplyChange:
    def __init__(
        self, changes: Changes, regions: Regions, clock: Callable[[], datetime], new_salt: Callable[[], str]
    ) -> None:
        self._changes = changes
        self._regions = regions
        self._clock = clock
        self._new_salt = new_salt

    async def __call__(self, change_id: UUID, revision: int, by: str) -> Change | Refused:
        """Raises: DependencyUnavailable."""
        before = await self._changes.find(change_id)
        if before is None:
            return Refusal(Why.UNKNOWN_CHANGE)
        if before.revision != revision:
            return Refusal(Why.REVISION_MOVED, before.revision)
        found = await self.write(before, before, by)
        after = await self._changes.find(change_id) or before
        if isinstance(found, Region):
            return after
        # It may be this very change that the region moved by, when two apply it at once.
        return found if after.revision == revision else Refusal(Why.REVISION_MOVED, after.revision)

    async def write(
        self, before: Change | None, change: Change, by: str, plan_revision: int | None = None
    ) -> Region | Refused:
        """`before`: how `change` is kept, None if it is not yet. `plan_revision`: of a plan's step. Raises:
        DependencyUnavailable."""
        now = self._clock()
        applied = change.apply(now)
        if not isinstance(applied, Change):
            return applied
        until = change.content.policy.bypass_until
        if until is not None and not bypass_fits(until, now):  # it is over; or our clock went back
            return Objection.BYPASS_LENGTH
        standing = await self._regions.find(change.content.region)
        version = standing.version if standing else 0
        if version != change.content.base_version:
            return Refusal(Why.REGION_MOVED, version)
        region = self._next(applied, standing, now)
        applying = deed(AuditAction.CHANGE_APPLIED, applied, by)
        version_made = Applied(region, policy_event(region), plan_revision)
        match await self._changes.write(before, applied, applying, version_made):
            case Written.DONE:
                _log.info("region_changed", region=region.name, version=region.version, mode=region.policy.mode.value)
                return region
            case Written.CHANGE_MOVED:
                return Refusal(Why.REVISION_MOVED)
            case Written.EARLY:
                return ChangeObjection.EARLY
            case Written.PLAN_STOPPED:
                return Refusal(Why.PLAN_STOPPED)
            case Written.REGION_PAUSED:
                return Refusal(Why.REGION_PAUSED)
            case Written.REGION_MOVED:
                standing = await self._regions.find(region.name)
                return Refusal(Why.REGION_MOVED, standing.version if standing else None)

    def _next(self, applied: Change, standing: Region | None, now: datetime) -> Region:
        content = applied.content
        decision = Decision(content.policy, applied.author, content.reason, applied.id)
        if standing is None:
            return Region.first(content.region, self._new_salt(), decision, now)
        return standing.next(decision, now)
