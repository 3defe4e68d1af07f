"""Changes as the use cases need them kept, and why one is refused."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.change import Change, ChangeObjection
from services.rollout.domain.region import Objection, Region
from shared.events import RegionPolicyChanged

SYSTEM = "system"  # as an actor: nobody asked for it just then


@dataclass(frozen=True, slots=True)
class Applied:
    """The version that a change makes, and how it is told. `plan_revision`: of the plan that makes the change, when
    this step of it was decided."""

    region: Region
    event: RegionPolicyChanged
    plan_revision: int | None = None


class Written(Enum):
    DONE = auto()
    CHANGE_MOVED = auto()  # somebody else did something with it; or a new one has the id of another
    REGION_MOVED = auto()  # it no longer stands at the change's base version
    EARLY = auto()  # by the clock of the database, which all instances share
    PLAN_STOPPED = auto()  # the plan that made it does not run any more as it did
    REGION_PAUSED = auto()


class Changes(Protocol):
    """Where changes are kept. Every method raises DependencyUnavailable."""

    async def find(self, change_id: UUID) -> Change | None: ...

    async def write(self, before: Change | None, change: Change, deed: Deed, applied: Applied | None = None) -> Written:
        """From `before` (None: it is new) to `change`, with its entry in the audit, and the region's new version and
        event where there is one: all of it or nothing. No region is raised after its pause was written."""


class Regions(Protocol):
    async def find(self, name: str) -> Region | None:
        """Raises: DependencyUnavailable."""


class Why(Enum):
    UNKNOWN_CHANGE = auto()
    UNKNOWN_REGION = auto()
    REGION_EXISTS = auto()
    REVISION_MOVED = auto()
    REGION_MOVED = auto()
    REGION_PAUSED = auto()
    OTHER_CONTENT = auto()  # of an id that stands for another change
    APPLY_AT_PAST = auto()
    PLAN_STOPPED = auto()
    UNKNOWN_PLAN = auto()
    REGION_IN_ANOTHER_PLAN = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """`current`: the revision of the change, or the version of the region, that stands."""

    why: Why
    current: int | None = None


Refused = Refusal | ChangeObjection | Objection


def deed(action: AuditAction, change: Change, by: str, because: str | None = None) -> Deed:
    content = change.content
    detail = {
        "revision": change.revision,
        "digest": content.digest,
        "direction": change.direction.value,
        "approved_by": change.approval.by,
        "plan_id": str(change.plan_id) if change.plan_id else None,
        **content.as_json(),
    }
    told = detail if because is None else detail | {"because": because}
    return Deed(by, action, f"change:{change.id}", content.region, told)
