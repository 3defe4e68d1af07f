"""Saying which policy a region shall have: at once where it lowers, to review where it raises."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest

from services.rollout.domain.audit import AuditAction
from services.rollout.domain.change import Change, State
from services.rollout.domain.region import Objection, Policy, Region
from services.rollout.domain.wish import Bypass, Wish
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.changes import Refusal, Refused, Why
from services.rollout.use_cases.policy_event import policy_event
from services.rollout.use_cases.set_policy import SetPolicy
from tests.unit.rollout.fakes import FakeChanges, FakeDatabase
from tests.unit.rollout.samples import ENFORCED, NOON, OFF, RAMP, applied_change, region


@dataclass
class World:
    database: FakeDatabase = field(default_factory=FakeDatabase)

    def __post_init__(self) -> None:
        self.changes = FakeChanges(self.database)
        salts = iter(f"salt-number-{n}" for n in range(100))
        apply = ApplyChange(self.changes, self.database, lambda: NOON, lambda: next(salts))
        self._set = SetPolicy(self.changes, self.database, apply, lambda: NOON, uuid4)

    async def stand(self, name: str, policy: Policy) -> None:
        await self.changes.write(None, *applied_change(region(name, policy)))

    async def set(
        self, name: str, expected: int | None, policy: Policy | Bypass, author: str = "rosa"
    ) -> Region | Change | Refused:
        return await self._set(Wish(region=name, policy=policy, reason="wave 1"), expected, author)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_new_region_that_asks_nobody_stands_at_once_with_a_salt_of_its_own(world: World) -> None:
    emea, apac = await world.set("emea", None, OFF), await world.set("apac", None, OFF)
    assert isinstance(emea, Region)
    assert isinstance(apac, Region)
    assert (emea.version, apac.version) == (1, 1)
    assert emea.salt != apac.salt


async def test_what_lowers_is_told_as_the_whole_policy_with_the_salt_of_the_creation(world: World) -> None:
    await world.stand("emea", ENFORCED)
    lowered = await world.set("emea", 1, RAMP, "ben")
    assert isinstance(lowered, Region)
    assert (lowered.version, lowered.policy, lowered.author, lowered.changed_at) == (2, RAMP, "ben", NOON)
    assert [pending.event for pending in world.database.waiting][1:] == [policy_event(lowered)]
    assert lowered.salt == world.database.versions["emea"][0].salt


async def test_it_is_a_change_with_an_entry_in_the_audit(world: World) -> None:
    await world.stand("emea", ENFORCED)
    lowered = await world.set("emea", 1, OFF, "ben")
    assert isinstance(lowered, Region)
    assert lowered.change_id is not None
    change = world.changes.kept[lowered.change_id]
    assert (change.state, change.author, change.content.base_version) == (State.APPLIED, "ben", 1)
    deed = world.changes.deeds[-1]
    assert (deed.actor, deed.action, deed.subject) == ("ben", AuditAction.CHANGE_APPLIED, f"change:{change.id}")


@pytest.mark.parametrize("policy", [ENFORCED, Bypass(NOON + timedelta(hours=1))])
async def test_what_raises_or_bypasses_waits_for_another_person(world: World, policy: Policy | Bypass) -> None:
    await world.stand("emea", RAMP)
    waiting = await world.set("emea", 1, policy)
    assert isinstance(waiting, Change)
    assert (waiting.state, waiting.approval.by) == (State.IN_REVIEW, None)
    assert world.changes.deeds[-1].action is AuditAction.CHANGE_SUBMITTED
    assert world.database.version("emea") == 1


async def test_a_region_that_asks_somebody_is_not_made_by_one_person(world: World) -> None:
    assert isinstance(await world.set("emea", None, RAMP), Change)
    assert world.database.versions == {}


async def test_creating_what_exists_is_refused_and_says_where_it_stands(world: World) -> None:
    await world.stand("emea", OFF)
    assert await world.set("emea", None, OFF) == Refusal(Why.REGION_EXISTS, 1)


async def test_changing_what_does_not_exist_is_refused(world: World) -> None:
    assert await world.set("emea", 1, OFF) == Refusal(Why.UNKNOWN_REGION)


async def test_of_many_on_one_version_one_wins_and_the_others_learn_what_stands(world: World) -> None:
    await world.stand("emea", ENFORCED)
    outcomes = await asyncio.gather(*(world.set("emea", 1, OFF) for _ in range(20)))
    assert sum(isinstance(outcome, Region) for outcome in outcomes) == 1
    assert outcomes.count(Refusal(Why.REGION_MOVED, 2)) == 19


async def test_where_nobody_is_asked_there_is_nothing_to_bypass(world: World) -> None:
    await world.stand("emea", OFF)
    bypass = Bypass(NOON + timedelta(hours=1))
    assert await world.set("emea", 1, bypass) is Objection.NOTHING_TO_BYPASS
    assert await world.set("apac", None, bypass) is Objection.NOTHING_TO_BYPASS
