"""What people and the scheduler do with changes, as data; done by the real use cases on a real database."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.rollout.adapters.postgres_changes import PostgresChanges
from services.rollout.adapters.postgres_regions import PostgresRegions
from services.rollout.domain.change import Change, ChangeObjection
from services.rollout.domain.region import Objection, Region
from services.rollout.domain.wish import Wish
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.changes import SYSTEM, Refusal, Refused, Why
from services.rollout.use_cases.decide_change import DecideChange
from services.rollout.use_cases.propose_change import ProposeChange, Proposed
from services.rollout.use_cases.set_policy import SetPolicy

Outcome = tuple[str, int]
"""A change's state and revision, or `region` and its version; or why not, and 0."""


@dataclass(frozen=True, slots=True)
class Act:
    """`verb`: begin, edit, submit, approve, reject, schedule, cancel, apply, set or due. `revision`: of the change; for
    `set` the version that is expected of the region, 0 for none."""

    verb: str
    actor: str
    change_id: UUID
    revision: int
    wish: Wish


Done = tuple[Act, Outcome]


class Service:
    """As `app.py` puts it together; `due` does what the scheduler does."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._changes, self._regions = PostgresChanges(engine), PostgresRegions(engine)
        self._propose = ProposeChange(self._changes, self._regions, clock)
        self._decide = DecideChange(self._changes, clock)
        self._apply = ApplyChange(self._changes, self._regions, clock, lambda: "salt-of-this-region")

    async def do(self, act: Act) -> Outcome:
        return _told(await self._outcome(act))

    async def at_once(self, acts: Sequence[Act], schedulers: int, regions: Sequence[str]) -> list[list[Done]]:
        """Each act, and each scheduler, on connections of its own."""

        async def alone(act: Act) -> list[Done]:
            return [(act, await self.do(act))]

        looks = (self.due(regions) for _ in range(schedulers))
        return list(await asyncio.gather(*map(alone, acts), *looks))

    async def due(self, regions: Sequence[str]) -> list[Done]:
        """What is due in these regions, one after the other."""
        found = [each for each in await self._changes.due(self._clock()) if each.content.region in regions]
        acts = [Act("due", SYSTEM, each.id, each.revision, _wish_of(each)) for each in found]
        return [(act, await self.do(act)) for act in acts]

    async def _outcome(self, act: Act) -> Change | Proposed | Region | Refused:
        on = act.change_id, act.revision
        match act.verb:
            case "begin":
                return await self._propose.begin(act.change_id, act.wish, act.actor)
            case "edit":
                return await self._propose.edit(*on, act.wish, act.actor)
            case "set":
                return await self._set(act)
            case "apply":
                return await self._apply(*on, act.actor)
            case "due":
                return await self._apply_due(act)
            case "reject" | "cancel":
                end = self._decide.reject if act.verb == "reject" else self._decide.cancel
                return await end(*on, act.actor, "not on a Friday")
        step = {"submit": self._decide.submit, "approve": self._decide.approve, "schedule": self._decide.schedule}
        return await step[act.verb](*on, act.actor)

    async def _set(self, act: Act) -> Region | Change | Refused:
        set_policy = SetPolicy(self._changes, self._regions, self._apply, self._clock, lambda: act.change_id)
        return await set_policy(act.wish, act.revision or None, act.actor)

    async def _apply_due(self, act: Act) -> Change | Refused:
        applied = await self._apply(act.change_id, act.revision, SYSTEM)
        if isinstance(applied, Change) or not _halts(applied):
            return applied
        return await self._decide.halt(act.change_id, act.revision, SYSTEM, "it cannot be applied")


def _halts(refused: Refused) -> bool:
    return isinstance(refused, Objection) or (isinstance(refused, Refusal) and refused.why is Why.REGION_MOVED)


def _wish_of(change: Change) -> Wish:
    content = change.content
    return Wish(region=content.region, policy=content.policy, reason=content.reason, apply_at=content.apply_at)


def _told(outcome: Change | Proposed | Region | Refused) -> Outcome:
    match outcome:
        case Proposed(change, again):
            return f"again {change.state}" if again else change.state.value, change.revision
        case Change():
            return outcome.state.value, outcome.revision
        case Region():
            return "region", outcome.version
        case Refusal(why):
            return why.name, 0
        case ChangeObjection() | Objection():
            return outcome.name, 0
