"""Creating and changing regions."""

import asyncio

from services.rollout.domain.region import Policy, Region
from services.rollout.use_cases.change_region import ChangeRegion, Refusal, Why
from services.rollout.use_cases.policy_event import policy_event
from shared.events import PolicyMode
from tests.unit.rollout.fakes import FakeDatabase
from tests.unit.rollout.samples import ENFORCED, NOON, OFF, RAMP, decision


def change_region(database: FakeDatabase) -> ChangeRegion:
    salts = iter(f"salt-number-{n}" for n in range(100))
    return ChangeRegion(database, lambda: NOON, lambda: next(salts))


async def test_a_new_region_starts_at_version_1_with_a_salt_of_its_own() -> None:
    change = change_region(FakeDatabase())
    emea, apac = await change.create("emea", decision()), await change.create("apac", decision())
    assert isinstance(emea, Region)
    assert isinstance(apac, Region)
    assert (emea.version, apac.version) == (1, 1)
    assert emea.salt != apac.salt


async def test_a_change_is_told_as_the_whole_policy_with_the_salt_of_the_creation() -> None:
    database = FakeDatabase()
    change = change_region(database)
    await change.create("emea", decision(OFF))
    changed = await change.change("emea", 1, decision(RAMP))
    assert isinstance(changed, Region)
    assert [pending.event.id for pending in database.waiting] == ["emea:1", "emea:2"]
    assert database.waiting[1].event == policy_event(changed)
    assert changed.salt == database.versions["emea"][0].salt


async def test_who_why_and_when_are_kept_with_each_version() -> None:
    database = FakeDatabase()
    change = change_region(database)
    await change.create("emea", decision(OFF, "rosa", "start"))
    await change.change("emea", 1, decision(RAMP, "ben", "first step"))
    kept = [(version.author, version.reason, version.changed_at) for version in await database.history("emea")]
    assert kept == [("rosa", "start", NOON), ("ben", "first step", NOON)]


async def test_creating_what_exists_is_refused_and_says_where_it_stands() -> None:
    database = FakeDatabase()
    change = change_region(database)
    await change.create("emea", decision(OFF))
    assert await change.create("emea", decision(RAMP)) == Refusal(Why.EXISTS, 1)
    assert len(database.waiting) == 1


async def test_changing_what_does_not_exist_is_refused() -> None:
    assert await change_region(FakeDatabase()).change("emea", 1, decision()) == Refusal(Why.UNKNOWN)


async def test_of_many_changes_of_one_version_one_wins_and_the_others_learn_what_stands() -> None:
    database = FakeDatabase()
    change = change_region(database)
    await change.create("emea", decision(OFF))
    outcomes = await asyncio.gather(*(change.change("emea", 1, decision()) for _ in range(20)))
    assert sum(isinstance(outcome, Region) for outcome in outcomes) == 1
    assert outcomes.count(Refusal(Why.STALE, 2)) == 19
    assert [version.version for version in database.versions["emea"]] == [1, 2]


async def test_one_person_alone_cannot_bypass_a_region() -> None:
    database = FakeDatabase()
    change = change_region(database)
    await change.create("emea", decision(ENFORCED))
    bypass = decision(Policy(PolicyMode.BYPASSED, 0))
    assert await change.change("emea", 1, bypass) == Refusal(Why.TWO_PEOPLE)
    assert await change.create("apac", bypass) == Refusal(Why.TWO_PEOPLE)
    assert [pending.event.id for pending in database.waiting] == ["emea:1"]
