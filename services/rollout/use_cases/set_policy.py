"""Say which policy a region shall have: a change in one step. One that lowers is applied at once, one that raises goes
to review."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.change import Change, ChangeObjection
from services.rollout.domain.content import Content
from services.rollout.domain.direction import Direction, direction
from services.rollout.domain.region import Region
from services.rollout.domain.wish import Wish
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.changes import Changes, Refusal, Refused, Regions, Why, Written, deed


class SetPolicy:
    def __init__(
        self,
        changes: Changes,
        regions: Regions,
        apply: ApplyChange,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._changes = changes
        self._regions = regions
        self._apply = apply
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, wish: Wish, expected: int | None, author: str) -> Region | Change | Refused:
        """`expected`: the version that the wish was made on; None: there is no such region yet. A change comes back in
        review. Raises: DependencyUnavailable."""
        now, standing = self._clock(), await self._regions.find(wish.region)
        if refused := _unexpected(standing, expected):
            return refused
        content = wish.content(standing, now)
        if not isinstance(content, Content):
            return content
        way = direction(standing.policy if standing else None, content.policy)
        drafted = Change.draft(self._new_id(), content, way, author, now)
        if way is Direction.RAISES:
            return await self._submit(drafted, author)
        applied = await self._apply.write(None, drafted, author)
        if applied == Refusal(Why.REGION_MOVED, applied.current if isinstance(applied, Refusal) else None):
            return _unexpected(await self._regions.find(wish.region), expected) or applied
        return applied

    async def _submit(self, drafted: Change, author: str) -> Change | Refused:
        submitted = drafted.submit(self._clock())
        assert not isinstance(submitted, ChangeObjection)  # every draft can be
        written = await self._changes.write(None, submitted, deed(AuditAction.CHANGE_SUBMITTED, submitted, author))
        assert written is Written.DONE  # its id is new, and no region is written
        return submitted


def _unexpected(standing: Region | None, expected: int | None) -> Refusal | None:
    if expected is None:
        return Refusal(Why.REGION_EXISTS, standing.version) if standing else None
    if standing is None:
        return Refusal(Why.UNKNOWN_REGION)
    return Refusal(Why.REGION_MOVED, standing.version) if standing.version != expected else None
