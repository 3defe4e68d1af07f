"""Begin a change of a region, or write another content into one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.change import Change, ChangeObjection
from services.rollout.domain.content import Content
from services.rollout.domain.direction import direction
from services.rollout.domain.region import Objection, Region
from services.rollout.domain.wish import Wish
from services.rollout.use_cases.changes import Changes, Refusal, Refused, Regions, Why, Written, deed


@dataclass(frozen=True, slots=True)
class Proposed:
    """`again`: it had been begun before, and nothing was done now."""

    change: Change
    again: bool = False


class ProposeChange:
    def __init__(self, changes: Changes, regions: Regions, clock: Callable[[], datetime]) -> None:
        self._changes = changes
        self._regions = regions
        self._clock = clock

    async def begin(self, change_id: UUID, wish: Wish, author: str) -> Proposed | Refused:
        """`change_id`: the caller's, and the same for the same change. Raises: DependencyUnavailable."""
        if (known := await self._changes.find(change_id)) is not None:
            return _again(known, wish)
        drafted = await self._draft(change_id, wish, author)
        if not isinstance(drafted, Change):
            return drafted
        drafting = deed(AuditAction.CHANGE_DRAFTED, drafted, author)
        if await self._changes.write(None, drafted, drafting) is Written.DONE:
            return Proposed(drafted)
        known = await self._changes.find(change_id)  # begun meanwhile
        return _again(known, wish) if known else Refusal(Why.UNKNOWN_CHANGE)

    async def edit(self, change_id: UUID, revision: int, wish: Wish, by: str) -> Change | Refused:
        """On the region as it stands now: so a change whose base has moved is brought up to date, by being reviewed
        again. Raises: DependencyUnavailable."""
        before = await self._changes.find(change_id)
        if before is None or before.content.region != wish.region:
            return Refusal(Why.UNKNOWN_CHANGE)
        if before.revision != revision:
            return Refusal(Why.REVISION_MOVED, before.revision)
        standing = await self._regions.find(wish.region)
        content = self._content(wish, standing)
        if not isinstance(content, Content):
            return content
        way = direction(standing.policy if standing else None, content.policy)
        edited = before.edit(content, way, by, self._clock())
        if isinstance(edited, ChangeObjection):
            return edited
        written = await self._changes.write(before, edited, deed(AuditAction.CHANGE_EDITED, edited, by))
        return edited if written is Written.DONE else Refusal(Why.REVISION_MOVED)

    async def _draft(self, change_id: UUID, wish: Wish, author: str) -> Change | Refused:
        standing = await self._regions.find(wish.region)
        content = self._content(wish, standing)
        if not isinstance(content, Content):
            return content
        way = direction(standing.policy if standing else None, content.policy)
        return Change.draft(change_id, content, way, author, self._clock())

    def _content(self, wish: Wish, standing: Region | None) -> Content | Refusal | Objection:
        now = self._clock()
        if wish.apply_at is not None and wish.apply_at <= now:
            return Refusal(Why.APPLY_AT_PAST)
        return wish.content(standing, now)


def _again(known: Change, wish: Wish) -> Proposed | Refusal:
    return Proposed(known, again=True) if wish.is_what(known.content) else Refusal(Why.OTHER_CONTENT)
