"""What every store of changes does."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.change import Change, State
from services.rollout.domain.content import Content
from services.rollout.domain.direction import Direction
from services.rollout.domain.region import Policy, Region
from services.rollout.use_cases.changes import Applied, Written
from services.rollout.use_cases.policy_event import policy_event
from shared.events import PolicyMode
from tests.contracts.rollout.conftest import Database
from tests.unit.rollout.samples import DAY, NOON, RAMP, applied_change, region

DEED = Deed("rosa", AuditAction.CHANGE_DRAFTED, "change:1", None, {})


@pytest.fixture
def name() -> str:
    return f"r{uuid4().hex[:12]}"


def draft(name: str, change_id: UUID | None = None) -> Change:
    policy = Policy(PolicyMode.BYPASSED, 2_500, NOON, NOON + DAY, NOON + DAY)
    content = Content(region=name, base_version=7, policy=policy, reason="mail is down: ümläute", apply_at=NOON)
    return Change.draft(change_id or uuid4(), content, Direction.RAISES, "rosa", NOON)


def passed(outcome: object) -> Change:
    assert isinstance(outcome, Change)
    return outcome


async def test_a_change_is_found_as_it_was_written_and_its_digest_is_the_same(database: Database, name: str) -> None:
    drafted = draft(name)
    approved = passed(passed(drafted.submit(NOON)).approve("ava", NOON + DAY))
    for before, change in ((None, drafted), (drafted, approved)):
        assert await database.changes.write(before, change, DEED) is Written.DONE
        found = await database.changes.find(change.id)
        assert found == change
        assert found.content.digest == change.content.digest
    assert await database.changes.find(uuid4()) is None


async def test_of_many_steps_from_one_revision_one_is_taken(database: Database, name: str) -> None:
    drafted = draft(name)
    await database.changes.write(None, drafted, DEED)
    rivals = [passed(drafted.cancel(f"rival {number}", NOON)) for number in range(20)]
    written = await asyncio.gather(*(database.changes.write(drafted, rival, DEED) for rival in rivals))
    assert written.count(Written.DONE) == 1
    assert set(written) == {Written.DONE, Written.CHANGE_MOVED}
    assert await database.changes.find(drafted.id) == rivals[written.index(Written.DONE)]


async def test_an_id_is_given_once(database: Database, name: str) -> None:
    drafted = draft(name)
    await database.changes.write(None, drafted, DEED)
    assert await database.changes.write(None, draft("other", drafted.id), DEED) is Written.CHANGE_MOVED
    assert await database.changes.find(drafted.id) == drafted


async def test_of_many_changes_of_one_version_one_is_applied_and_the_others_are_not_even_kept(
    database: Database, name: str
) -> None:
    await database.make(region(name))
    rivals = [applied_change(region(name, RAMP, 2)) for _ in range(20)]
    written = await asyncio.gather(*(database.changes.write(None, *rival) for rival in rivals))
    assert written.count(Written.DONE) == 1
    assert set(written) == {Written.DONE, Written.REGION_MOVED}
    kept = [await database.changes.find(change.id) for change, _, _ in rivals]
    assert [change for change in kept if change] == [rivals[written.index(Written.DONE)][0]]


async def test_a_version_knows_its_change_and_its_bypass(database: Database, name: str) -> None:
    bypassed = region(name, Policy(PolicyMode.BYPASSED, 2_500, bypass_until=NOON))
    made = replace(bypassed, change_id=uuid4())
    await database.changes.write(None, applied_change(made)[0], DEED, Applied(made, policy_event(made)))
    assert await database.regions.find(name) == made
    assert await database.regions.at_version(name, 1) == made
    assert await database.regions.at_version(name, 2) is None


async def test_changes_are_listed_the_newest_first_by_region_and_state(database: Database, name: str) -> None:
    drafts = [draft(name), draft(name), draft(name + "x"), draft(name)]
    for each in drafts:
        await database.changes.write(None, each, DEED)
    cancelled = passed(drafts[0].cancel("late", NOON))
    await database.changes.write(drafts[0], cancelled, DEED)

    async def listed(states: list[State], before: int | None = None, limit: int = 9) -> list[tuple[int, Change]]:
        return await database.changes.listed(region=name, states=states, before=before, limit=limit)

    assert [change for _, change in await listed([])] == [drafts[3], drafts[1], cancelled]
    assert [change for _, change in await listed([State.CANCELLED, State.HALTED])] == [cancelled]
    (place, newest), *_ = await listed([], limit=1)
    assert newest == drafts[3]
    assert [change for _, change in await listed([], before=place)] == [drafts[1], cancelled]


async def test_what_is_scheduled_is_due_from_its_date_on_the_earliest_first(database: Database, name: str) -> None:
    def scheduled(days: int, made: Region) -> Change:
        content = Content(
            region=made.name, base_version=0, policy=made.policy, reason="lower", apply_at=NOON + days * DAY
        )
        return passed(Change.draft(uuid4(), content, Direction.LOWERS, "rosa", NOON).schedule(NOON))

    second, first, later = (scheduled(days, region(name)) for days in (-1, -2, 1))
    for each in (second, first, later, draft(name)):
        await database.changes.write(None, each, DEED)
    mine = [change for change in await database.changes.due(NOON) if change.content.region == name]
    assert mine == [first, second]
