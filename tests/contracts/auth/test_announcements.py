"""What every store of announcements does, and what only PostgreSQL can be asked."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_announcements import PAGE, PostgresAnnouncements
from services.auth.adapters.tables import announcements, audit, totp_factors
from services.auth.domain.account import AccountStatus
from services.auth.domain.announcement import Announcement, Progress, Recipient, Standing
from services.auth.domain.audit import COMMAND_LINE, AuditEntry
from services.auth.use_cases.control_announcement import (
    ControlAnnouncement,
    ControlledAnnouncements,
    NotControlled,
)
from services.auth.use_cases.receive_announcement import KeepsAnnouncements
from services.auth.use_cases.spread_announcements import AnnouncementsInHand
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.contracts.auth.database import new_account, rows
from tests.fakes import NOW
from tests.unit.auth.fake_announcements import FakeAnnouncements, announcement
from tests.unit.auth.samples import account
from tests.wait_until import wait_until

SECOND = timedelta(seconds=1)


class Store(AnnouncementsInHand, ControlledAnnouncements, KeepsAnnouncements, Protocol):
    async def find(self, announcement_id: UUID) -> Standing | None: ...

    async def newest(self) -> list[Standing]: ...


@dataclass
class World:
    """`region` is nobody else's."""

    store: Store
    engine: AsyncEngine | None
    region: str = field(default_factory=lambda: f"r{uuid4().hex[:12]}")

    async def person(self, **changes: Any) -> UUID:
        if isinstance(self.store, FakeAnnouncements):
            self.store.accounts.append(account(**({"id": uuid4(), "region": self.region} | changes)))
            return self.store.accounts[-1].id
        assert self.engine is not None
        account_id = await new_account(self.engine, **({"region": self.region} | changes))
        if changes.get("totp"):
            await self.factor(account_id, "confirmed")
        return account_id

    async def factor(self, account_id: UUID, state: str) -> None:
        if self.engine is not None:
            row = {"account_id": account_id, "state": state, "secret": b"", "created_at": NOW}
            async with self.engine.connect() as connection:
                await connection.execute(totp_factors.insert().values(row))

    async def announced(self, **changes: Any) -> Announcement:
        made = announcement(uuid4(), **({"region": self.region} | changes))
        await self.store.add(made)
        return made

    async def standing(self, of: Announcement) -> Standing:
        found = await self.store.find(of.id)
        assert found is not None
        return found

    async def audited(self) -> list[AuditEntry]:
        if isinstance(self.store, FakeAnnouncements):
            return self.store.audited
        assert self.engine is not None
        found = await rows(self.engine, sa.select(audit).order_by(audit.c.id))
        return [AuditEntry(row.actor, row.action, row.account_id, row.reason, row.detail) for row in found]


@pytest.fixture(params=["fake", "postgres"])
async def world(request: pytest.FixtureRequest, engine: AsyncEngine) -> AsyncIterator[World]:
    """Without anybody else's announcements."""
    if request.param == "fake":
        yield World(FakeAnnouncements(), None)
        return
    async with engine.connect() as connection:
        await connection.execute(announcements.delete())
    yield World(PostgresAnnouncements(engine), engine)


async def page(world: World, limit: int = 100, after: UUID | None = None) -> list[Recipient]:
    """Of an announcement that has come to `after`."""
    made = await world.announced()
    if after is not None:
        async with world.store.turn(NOW) as turn:
            assert turn is not None
            await turn.save(replace(turn.standing.progress, after=after))
    async with world.store.turn(NOW) as turn:
        assert turn is not None
        assert turn.standing.announcement == made
        return await turn.page(limit)


async def test_an_announcement_is_kept_once_and_a_repeat_leaves_it_where_it_is(world: World) -> None:
    made = await world.announced()
    assert await world.standing(made) == Standing(made, Progress(next_at=made.received_at))
    async with world.store.turn(NOW) as turn:
        assert turn is not None
        moved = replace(turn.standing.progress.started(9, NOW), sent=5, rate=2.5, after=uuid4(), paged_at=NOW)
        await turn.save(moved)
    await asyncio.gather(*(world.store.add(replace(made, pace=1)) for _ in range(4)))

    assert await world.standing(made) == Standing(made, moved)
    assert await world.store.newest() == [Standing(made, moved)]


async def test_nothing_is_known_of_one_that_never_came(world: World) -> None:
    assert await world.store.find(uuid4()) is None
    async with world.store.turn(NOW) as turn:
        assert turn is None


async def test_the_accounts_it_concerns_come_by_id_and_the_exempt_never(world: World) -> None:
    ids = sorted([await world.person() for _ in range(5)])
    pending = await world.person()
    await world.factor(pending, "pending")  # an app that was only offered exempts nobody
    for exempt in ({"sso": True}, {"own_mfa": True}, {"totp": True}, {"status": AccountStatus.LOCKED}):
        await world.person(**exempt)
    await world.person(region="elsewhere")
    everybody = sorted([*ids, pending])

    assert [each.account_id for each in await page(world)] == everybody
    assert await world.store.count(world.region) == 6
    assert (await page_of(world, everybody[1])) == everybody[2:4]


async def page_of(world: World, after: UUID) -> list[UUID]:
    if world.engine is not None:
        async with world.engine.connect() as connection:
            await connection.execute(announcements.delete())
    elif isinstance(world.store, FakeAnnouncements):
        world.store.standings.clear()
    return [each.account_id for each in await page(world, 2, after)]


async def test_a_recipient_is_what_the_notice_needs(world: World) -> None:
    account_id = await world.person(email="alex@customer.example", locale="fr")

    assert await page(world) == [Recipient(account_id, "alex@customer.example", "fr")]


async def test_one_announcement_is_in_one_pair_of_hands_and_another_in_the_next(world: World) -> None:
    first, second = await world.announced(), await world.announced(received_at=NOW + SECOND)
    async with world.store.turn(NOW + SECOND) as one, world.store.turn(NOW + SECOND) as two:
        assert one is not None
        assert two is not None
        assert [one.standing.announcement, two.standing.announcement] == [first, second]
        async with world.store.turn(NOW + SECOND) as three:
            assert three is None
    async with world.store.turn(NOW) as again:
        assert again is not None


async def test_a_turn_that_fails_saves_nothing(world: World) -> None:
    async def save_and_fail() -> None:
        async with world.store.turn(NOW) as turn:
            assert turn is not None
            await turn.save(replace(turn.standing.progress, sent=5))
            raise DependencyUnavailable("kafka")

    made = await world.announced()
    with pytest.raises(DependencyUnavailable):
        await save_and_fail()
    assert (await world.standing(made)).progress.sent == 0


@pytest.mark.parametrize("changes", [{"paused_at": NOW}, {"expires_at": NOW}, {"received_at": NOW + SECOND}])
async def test_it_is_nobodys_turn_before_its_time_after_it_or_while_it_is_paused(
    world: World, changes: dict[str, Any]
) -> None:
    await world.announced(**changes)
    async with world.store.turn(NOW) as turn:
        assert turn is None


async def test_it_is_nobodys_turn_once_all_are_told(world: World) -> None:
    await world.announced()
    async with world.store.turn(NOW) as turn:
        assert turn is not None
        await turn.save(replace(turn.standing.progress, finished_at=NOW))
    async with world.store.turn(NOW + SECOND) as turn:
        assert turn is None


async def test_an_operator_waits_for_no_page_and_is_felt_by_the_next(world: World) -> None:
    made = await world.announced()
    control = ControlAnnouncement(world.store, Clock(NOW))
    async with world.store.turn(NOW) as turn:
        assert turn is not None
        async with asyncio.timeout(1):
            await control.set_pace(made.id, 7, COMMAND_LINE)
            paused = await control.pause(made.id, COMMAND_LINE)
        await turn.save(replace(turn.standing.progress, sent=5))

    assert isinstance(paused, Standing)
    assert (paused.announcement.pace, paused.announcement.paused_at) == (7, NOW)
    assert await world.standing(made) == Standing(
        replace(made, pace=7, paused_at=NOW), Progress(next_at=made.received_at, sent=5)
    )
    async with world.store.turn(NOW) as turn:
        assert turn is None
    resumed = await control.resume(made.id, COMMAND_LINE)
    assert isinstance(resumed, Standing)
    async with world.store.turn(NOW) as turn:
        assert turn is not None
        assert turn.standing.announcement == replace(made, pace=7)


async def test_what_an_operator_did_is_in_the_audit(world: World) -> None:
    made = await world.announced()
    control = ControlAnnouncement(world.store, Clock(NOW))
    await control.pause(made.id, COMMAND_LINE)
    await control.pause(made.id, COMMAND_LINE)
    await control.set_pace(made.id, 7, COMMAND_LINE)
    await control.resume(made.id, COMMAND_LINE)

    mine = [each for each in await world.audited() if each.detail.get("announcement_id") == str(made.id)]
    assert {(each.actor, each.account_id) for each in mine} == {("cli", None)}
    told = [(str(each.action), each.detail.get("pace")) for each in mine]
    assert told == [
        ("announcement-paused", None), ("announcement-paused", None),
        ("announcement-paced", 7), ("announcement-resumed", None),
    ]  # fmt: skip


async def test_what_is_unknown_or_over_is_not_controlled_and_nothing_recorded(world: World) -> None:
    expired = await world.announced(expires_at=NOW)
    done = await world.announced()
    async with world.store.turn(NOW) as turn:
        assert turn is not None
        await turn.save(replace(turn.standing.progress, finished_at=NOW))
    before = len(await world.audited())
    control = ControlAnnouncement(world.store, Clock(NOW))

    assert await control.pause(uuid4(), COMMAND_LINE) is NotControlled.UNKNOWN
    for over in (expired, done):
        assert await control.resume(over.id, COMMAND_LINE) is NotControlled.OVER
    for pace in (0, -1, 10_001):
        assert await control.set_pace(done.id, pace, COMMAND_LINE) is NotControlled.PACE
    assert len(await world.audited()) == before


async def test_the_newest_come_first(world: World) -> None:
    made = [await world.announced(received_at=NOW + hour * SECOND) for hour in (1, 3, 2)]

    assert [each.announcement for each in await world.store.newest()] == [made[1], made[2], made[0]]


@pytest.fixture
async def in_postgres(engine: AsyncEngine) -> World:
    async with engine.connect() as connection:
        await connection.execute(announcements.delete())
    return World(PostgresAnnouncements(engine, timedelta(milliseconds=100)), engine)


async def test_a_turn_that_says_nothing_for_too_long_is_over_and_can_save_nothing(in_postgres: World) -> None:
    """A process that hangs, or a machine that is gone: no goodbye."""
    made = await in_postgres.announced()
    hung, woken = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        async with in_postgres.store.turn(NOW) as turn:
            assert turn is not None
            hung.set()
            await woken.wait()
            await turn.save(replace(turn.standing.progress, sent=1))

    async def taken_over() -> bool:
        async with in_postgres.store.turn(NOW) as turn:
            if turn is not None:
                await turn.save(replace(turn.standing.progress, sent=2))
            return turn is not None

    hanging = asyncio.create_task(hang())
    await hung.wait()
    assert not await taken_over()
    await wait_until(taken_over)
    woken.set()
    with pytest.raises(DependencyUnavailable):
        await hanging
    assert (await in_postgres.standing(made)).progress.sent == 2


async def test_a_deleted_announcement_ends_with_its_progress(in_postgres: World) -> None:
    made = await in_postgres.announced()
    assert in_postgres.engine is not None
    async with in_postgres.engine.connect() as connection:
        await connection.execute(announcements.delete().where(announcements.c.id == made.id))

    assert await in_postgres.store.find(made.id) is None
    async with in_postgres.store.turn(NOW) as turn:
        assert turn is None


MANY = """
INSERT INTO accounts (id, username, username_key, email, region, locale, status)
SELECT gen_random_uuid(), 'many-' || n, 'many-' || n, 'many-' || n || '@example.com',
       CASE WHEN n % 100 = 0 THEN 'small' ELSE 'large' END, 'en', 'active'
FROM generate_series(1, 100000) AS n
"""


@pytest.mark.parametrize("region", ["small", "large"])
async def test_among_100_000_accounts_a_page_is_read_along_an_index(engine: AsyncEngine, region: str) -> None:
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"{MANY} ON CONFLICT DO NOTHING"))
        await connection.execute(sa.text("ANALYZE"))
        prepared = PAGE.params(region=region, after=UUID(int=2**127), limit=500).compile(engine.sync_engine)
        values = tuple(prepared.params[name] for name in prepared.positiontup or ())
        plan = "\n".join(row[0] for row in await connection.exec_driver_sql(f"EXPLAIN {prepared}", values))

    assert "using accounts_of_region on accounts" in plan
    assert "Sort" not in plan.split("totp_factors", maxsplit=1)[0]
    assert "Seq Scan on accounts" not in plan
