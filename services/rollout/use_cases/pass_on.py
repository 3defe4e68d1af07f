"""One step of something that people review: a change or a plan."""

from collections.abc import Callable
from typing import Protocol, TypeVar
from uuid import UUID

from services.rollout.domain.audit import Deed
from services.rollout.use_cases.changes import Refusal, Why, Written


class Revised(Protocol):
    @property
    def revision(self) -> int: ...


T = TypeVar("T", bound=Revised)
R = TypeVar("R")


class Kept(Protocol[T]):
    """Where they are kept. Every method raises DependencyUnavailable."""

    async def find(self, found_by: UUID, /) -> T | None: ...

    async def write(self, before: T | None, after: T, deed: Deed, /) -> Written:
        """From `before` (None: it is new) to `after`, with its entry in the audit: both or nothing."""


async def pass_on(
    kept: Kept[T],
    found_by: UUID,
    revision: int,
    step: Callable[[T], T | R],
    told: Callable[[T], Deed],
    unknown: Why,
) -> T | R | Refusal:
    """`revision`: what somebody saw. Raises: DependencyUnavailable."""
    before = await kept.find(found_by)
    if before is None:
        return Refusal(unknown)
    if before.revision != revision:
        return Refusal(Why.REVISION_MOVED, before.revision)
    after = step(before)
    if not isinstance(after, type(before)):
        return after
    written = await kept.write(before, after, told(after))
    return after if written is Written.DONE else Refusal(Why.REVISION_MOVED)
