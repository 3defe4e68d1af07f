"""Plans as the use cases need them kept, and why one is refused."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID, uuid5

from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.move import Progress
from services.rollout.domain.plan import Plan, PlanRefusal
from services.rollout.domain.plan_content import PlanObjection
from services.rollout.domain.wave import Member, Wave
from services.rollout.use_cases.changes import Refusal, Written

PlanRefused = Refusal | PlanRefusal | PlanObjection


class Plans(Protocol):
    """Where plans are kept. Every method raises DependencyUnavailable."""

    async def find(self, plan_id: UUID, /) -> Plan | None: ...

    async def write(self, before: Plan | None, plan: Plan, deed: Deed, /) -> Written:
        """From `before` (None: it is new) to `plan`, with its entry in the audit: both or nothing."""

    async def running(self) -> list[Plan]:
        """In the order in which they were begun."""

    async def progress(self, plan: Plan) -> dict[str, Progress]:
        """Of each of its regions; whether one is paused is not known here."""

    async def versions(self) -> Mapping[str, int]:
        """At which each region stands."""


def deed(action: AuditAction, plan: Plan, by: str, because: str | None = None) -> Deed:
    detail = {
        "revision": plan.revision,
        "digest": plan.content.digest,
        "approved_by": plan.approval.by,
        **plan.content.as_json(),
    }
    told = detail if because is None else detail | {"because": because}
    return Deed(by, action, f"plan:{plan.id}", None, told)


def announcement_of(plan: Plan, wave: Wave, member: Member) -> UUID:
    """Its id: the people of a region are told once of each date."""
    return uuid5(plan.id, f"{member.region}/{wave.begin_at.isoformat()}")
