"""What every store of pauses does."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.rollout.adapters.tables import audit, outbox
from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.direction import Direction
from services.rollout.domain.pause import Pause
from services.rollout.domain.region import Policy
from services.rollout.use_cases.changes import Written
from services.rollout.use_cases.pause_region import Begun
from shared.events import PolicyMode, RegionPaused, RegionResumed
from shared.postgres import postgres_engine, transaction
from tests.contracts.rollout.conftest import Database
from tests.unit.rollout.samples import NOON, RAMP, applied_change, region

MINUTE = timedelta(minutes=1)
FIGURES = {"result": "fail", "figures": [{"window": "1m", "figures": [{"value": 0.25, "limit": 0.1, "sample": 100}]}]}


@pytest.fixture
def name() -> str:
    return f"r{uuid4().hex[:12]}"


def pause(name: str, by: str = "system") -> Pause:
    return Pause(id=uuid4(), region=name, since=NOON, by=by, because="bounced: ümläute", figures=FIGURES)


def paused(made: Pause) -> tuple[Deed, RegionPaused]:
    deed = Deed(made.by, AuditAction.REGION_PAUSED, f"pause:{made.id}", made.region, {"figures": made.figures})
    told = RegionPaused(pause_id=made.id, region=made.region, paused_by=made.by, because=made.because, at=made.since)
    return deed, told


def resumed(made: Pause) -> tuple[Deed, RegionResumed]:
    deed = Deed("rosa", AuditAction.REGION_RESUMED, f"pause:{made.id}", made.region, {})
    return deed, RegionResumed(pause_id=made.id, region=made.region, resumed_by="rosa", because="well", at=NOON)


async def test_a_pause_is_found_as_it_was_begun_and_as_it_ended(database: Database, name: str) -> None:
    await database.make(region(name))
    assert await database.pauses.of_region(name) is None
    made = pause(name)
    assert await database.pauses.begin(made, *paused(made)) is Begun.DONE
    assert (await database.pauses.paused())[name] == await database.pauses.of_region(name) == made
    ended = made.end("rosa", "the provider is well", NOON + MINUTE)
    assert await database.pauses.end(ended, *resumed(made))
    assert name not in await database.pauses.paused()
    assert (await database.pauses.latest())[name] == await database.pauses.of_region(name) == ended


async def test_of_many_pauses_of_a_region_one_is_begun_and_of_many_ends_one_is_made(
    database: Database, name: str
) -> None:
    await database.make(region(name))
    rivals = [pause(name) for _ in range(20)]
    begun = await asyncio.gather(*(database.pauses.begin(rival, *paused(rival)) for rival in rivals))
    assert begun.count(Begun.DONE) == 1
    assert set(begun) == {Begun.DONE, Begun.STANDS}
    standing = rivals[begun.index(Begun.DONE)]
    assert await database.pauses.of_region(name) == standing
    ended = standing.end("rosa", "well", NOON + MINUTE)
    assert sum(await asyncio.gather(*(database.pauses.end(ended, *resumed(ended)) for _ in range(20)))) == 1


async def test_an_unknown_region_is_not_paused(database: Database, name: str) -> None:
    made = pause(name)
    assert await database.pauses.begin(made, *paused(made)) is Begun.UNKNOWN_REGION
    assert await database.pauses.of_region(name) is None


async def test_evidence_from_before_a_resume_pauses_nothing(database: Database, name: str) -> None:
    await database.make(region(name))
    first, late, next_one = pause(name), pause(name), pause(name)
    await database.pauses.begin(first, *paused(first))
    await database.pauses.end(first.end("rosa", "well", NOON + MINUTE), *resumed(first))
    assert await database.pauses.begin(late, *paused(late), NOON) is Begun.STALE
    assert not (await database.pauses.paused()).get(name)
    assert await database.pauses.begin(next_one, *paused(next_one), NOON + MINUTE) is Begun.DONE
    assert (await database.pauses.latest())[name] == next_one


@pytest.mark.parametrize(
    ("direction", "policy", "written"),
    [
        (Direction.RAISES, RAMP, Written.REGION_PAUSED),
        (Direction.LOWERS, RAMP, Written.DONE),
        (Direction.RAISES, Policy(PolicyMode.BYPASSED, 2_500, bypass_until=NOON), Written.DONE),
    ],
)
async def test_what_raises_a_paused_region_is_not_written_but_a_bypass(
    database: Database, name: str, direction: Direction, policy: Policy, written: Written
) -> None:
    await database.make(region(name))
    made = pause(name)
    await database.pauses.begin(made, *paused(made))
    change, deed, applied = applied_change(region(name, policy, 2))
    approval = replace(change.approval, by="ava", digest=change.content.digest)
    raising = replace(change, direction=direction, approval=approval)
    assert await database.changes.write(None, raising, deed, applied) is written
    standing = await database.regions.find(name)
    assert standing is not None
    assert standing.version == (2 if written is Written.DONE else 1)
    if written is Written.REGION_PAUSED:
        await database.pauses.end(made.end("rosa", "well", NOON + MINUTE), *resumed(made))
        assert await database.changes.write(None, raising, deed, applied) is Written.DONE


async def test_after_a_pause_no_raise_commits_however_they_race(
    postgres_database: Database, name: str, migrated_url: str
) -> None:
    """Each region is raised and paused at once: a raise that was written came before the pause."""
    engine = postgres_engine(migrated_url)
    for number in range(20):
        raced = f"{name}-{number}"
        await postgres_database.make(region(raced))
        change, deed, applied = applied_change(region(raced, RAMP, 2))
        approval = replace(change.approval, by="ava", digest=change.content.digest)
        raising = replace(change, direction=Direction.RAISES, approval=approval)
        made = pause(raced)
        written, _ = await asyncio.gather(
            postgres_database.changes.write(None, raising, deed, applied),
            postgres_database.pauses.begin(made, *paused(made)),
        )
        entries = sa.select(audit.c.action).where(audit.c.region == raced).order_by(audit.c.number)
        async with transaction(engine) as connection:
            told = list((await connection.execute(entries)).scalars())
        raise_told = ["change-applied"] if written is Written.DONE else []
        assert told == ["change-applied", *raise_told, "region-paused"]
    await engine.dispose()


async def test_a_pause_its_event_and_its_entry_are_one(
    postgres_database: Database, name: str, migrated_url: str
) -> None:
    await postgres_database.make(region(name))
    made = pause(name)
    deed, told = paused(made)
    with pytest.raises(DBAPIError):
        await postgres_database.pauses.begin(made, replace(deed, actor="\0"), told)  # PostgreSQL stores no NUL
    assert await postgres_database.pauses.of_region(name) is None
    engine = postgres_engine(migrated_url)
    async with transaction(engine) as connection:
        waiting = list((await connection.execute(sa.select(outbox.c.type))).scalars())
    await engine.dispose()
    assert RegionPaused.type not in waiting
