"""All who an announcement concerns are told once, whatever happens on the way."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from services.auth.domain.account import Account, AccountStatus
from services.auth.domain.announcement import MOST_PER_PAGE
from services.auth.use_cases.spread_announcements import AT_ONCE, SpreadAnnouncements
from shared.events import NoticeDue, NoticeKind
from shared.sealing import Sealer, Unsealer
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import NOW
from tests.unit.auth.fake_announcements import FakeAnnouncements, announcement
from tests.unit.auth.samples import account
from tests.unit.shared.samples import private_ring, public_ring
from tests.wait_until import wait_until

NOTIFIER = private_ring("seal-1")
SECOND = timedelta(seconds=1)
ID = UUID(int=7)
FAST = 10_000


@dataclass
class Kafka:
    """`room`: how many notices it takes before it is away; None: any number."""

    told: list[NoticeDue] = field(default_factory=list)
    room: int | None = None

    async def publish(self, notice: NoticeDue) -> None:
        await asyncio.sleep(0)
        if self.room is not None and len(self.told) >= self.room:
            raise DependencyUnavailable("kafka")
        self.told.append(notice)

    @property
    def times(self) -> Counter[UUID]:
        return Counter(notice.account_id for notice in self.told)


class World:
    def __init__(self, *accounts: Account, **changes: Any) -> None:
        self.store = FakeAnnouncements(list(accounts))
        self.kafka = Kafka()
        self.clock = Clock(NOW)
        self.made = announcement(ID, **changes)
        self.spread = SpreadAnnouncements(self.store, self.kafka.publish, Sealer(public_ring(NOTIFIER)), self.clock)

    async def announce(self, **changes: Any) -> None:
        await self.store.add(announcement(ID, **changes) if changes else self.made)

    async def spread_on(self) -> None:
        """For seconds enough."""
        for _ in range(10):
            await self.spread()
            self.clock.advance(SECOND)

    @property
    def progress(self) -> Any:
        return self.store.standings[ID].progress


def people(count: int, **changes: Any) -> list[Account]:
    return [account(**{"id": uuid4(), "email": f"p{number}@customer.example"} | changes) for number in range(count)]


async def test_everybody_whom_it_concerns_is_told_in_bulk_with_the_address_for_the_notifier_alone() -> None:
    until = NOW + timedelta(hours=2)
    (kim,) = people(1)
    world = World(kim, kind=NoticeKind.BYPASS_ACTIVE, at=NOW, until=until, expires_at=until)
    await world.announce()
    await world.spread()

    (notice,) = world.kafka.told
    assert type(notice) is NoticeDue  # the topic that delays nobody's code
    assert (notice.notice_id, notice.account_id) == (uuid5(ID, str(kim.id)), kim.id)
    assert (notice.kind, notice.at, notice.until) == (NoticeKind.BYPASS_ACTIVE, NOW, until)
    assert (notice.time_zone, notice.expires_at) == ("Europe/Berlin", until)
    assert (notice.locale, notice.region) == ("de", "emea")
    assert kim.email not in notice.model_dump_json()
    assert Unsealer(NOTIFIER).unseal(notice.address, f"notice:{notice.notice_id}") == kim.email


async def test_who_is_asked_for_no_mailed_code_or_cannot_be_mailed_is_left_out() -> None:
    (kim,) = people(1)
    left_out: list[dict[str, Any]] = [
        {"sso": True}, {"own_mfa": True}, {"totp": True}, {"status": AccountStatus.LOCKED}, {"region": "apac"},
        {"email": ""}, {"email": "not an address"}, {"email": "two@a.example,two@b.example"}, {"locale": "x" * 36},
    ]  # fmt: skip
    world = World(kim, *(person for changes in left_out for person in people(1, **changes)))
    await world.announce()
    await world.spread()

    assert [notice.account_id for notice in world.kafka.told] == [kim.id]
    assert (world.progress.total, world.progress.sent, world.progress.unreachable) == (5, 1, 4)
    assert world.progress.finished_at == NOW


async def test_no_more_go_out_than_the_pace_allows_and_another_pace_is_felt_at_once() -> None:
    world = World(*people(400), pace=50)
    await world.announce()
    sent = []
    for second in range(6):
        if second == 3:
            await world.store.add(world.made)  # redelivered: changes nothing
            world.store.standings[ID] = type(world.store.standings[ID])(announcement(ID, pace=100), world.progress)
        await world.spread()
        sent.append(len(world.kafka.told))
        world.clock.advance(SECOND)

    assert sent == [50, 100, 150, 250, 350, 400]
    assert set(world.kafka.times.values()) == {1}


@pytest.mark.parametrize("room", [0, 1, 499, 500, 777, 1_499])
async def test_after_an_outage_of_kafka_it_goes_on_and_repeats_a_page_at_most_under_the_same_ids(room: int) -> None:
    accounts = people(1_600)
    world = World(*accounts, pace=FAST)
    await world.announce()
    world.kafka.room = room
    with pytest.raises(DependencyUnavailable):
        await world.spread_on()
    assert world.progress.sent == room - room % MOST_PER_PAGE
    world.kafka.room = None
    await world.spread_on()

    assert set(world.kafka.times) == {each.id for each in accounts}
    assert len({notice.notice_id for notice in world.kafka.told}) == len(accounts)
    assert len(world.kafka.told) - len(accounts) == room % MOST_PER_PAGE
    assert world.progress.sent == world.progress.total == len(accounts)


async def test_a_page_that_failed_is_left_only_once_no_notice_of_it_is_under_way() -> None:
    """Else they would land beside those of its repeat, which another instance may be at."""
    asked, landing = list[NoticeDue](), asyncio.Event()

    async def publish(notice: NoticeDue) -> None:
        asked.append(notice)
        if len(asked) == 1:
            raise DependencyUnavailable("kafka")
        await landing.wait()
        raise DependencyUnavailable("kafka")

    store = FakeAnnouncements(people(500))
    await store.add(announcement(ID, pace=FAST))
    spread = SpreadAnnouncements(store, publish, Sealer(public_ring(NOTIFIER)), Clock(NOW))
    spreading = asyncio.create_task(spread())
    await wait_until(lambda: len(asked) == AT_ONCE)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not spreading.done()
    landing.set()
    with pytest.raises(DependencyUnavailable):
        await spreading
    assert len(asked) == AT_ONCE


async def test_whoever_is_cut_off_within_a_page_leaves_it_to_be_repeated() -> None:
    accounts = people(700)
    world = World(*accounts, pace=FAST)
    await world.announce()
    for least in (200, 900):
        task = asyncio.create_task(world.spread_on())
        await wait_until(lambda least=least: len(world.kafka.told) >= least)  # type: ignore[misc]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await world.spread_on()

    assert set(world.kafka.times) == {each.id for each in accounts}
    assert len({notice.notice_id for notice in world.kafka.told}) == len(accounts)


async def test_one_in_another_instances_hands_is_left_alone() -> None:
    world = World(*people(10))
    await world.announce()
    async with world.store.turn(NOW) as turn:
        assert turn is not None
        await world.spread()
        assert world.kafka.told == []
    await world.spread()
    assert len(world.kafka.told) == 10


@pytest.mark.parametrize("changes", [{"paused_at": NOW}, {"expires_at": NOW + SECOND}])
async def test_what_is_paused_or_expired_goes_no_further(changes: dict[str, Any]) -> None:
    world = World(*people(100), pace=50)
    await world.announce()
    await world.spread()
    world.clock.advance(SECOND)
    world.store.standings[ID] = type(world.store.standings[ID])(announcement(ID, **changes), world.progress)
    await world.spread()

    assert len(world.kafka.told) == 50


async def test_one_that_was_deleted_goes_no_further() -> None:
    world = World(*people(100), pace=50)
    await world.announce()
    await world.spread()
    del world.store.standings[ID]
    world.clock.advance(SECOND)
    await world.spread()

    assert len(world.kafka.told) == 50


async def test_two_at_once_take_turns_so_that_a_bypass_is_told_beside_a_long_advance_notice() -> None:
    world = World(*people(1_000), *people(30, region="apac"), pace=50)
    await world.announce()
    await world.spread()
    world.clock.advance(SECOND)
    await world.store.add(announcement(uuid4(), region="apac", received_at=world.clock.now))
    await world.spread()

    told = Counter(notice.region for notice in world.kafka.told)
    assert told == {"emea": 100, "apac": 30}


async def test_so_many_accounts_that_they_cannot_be_counted_are_told_all_the_same() -> None:
    world = World(*people(10))
    world.store.countless = True
    await world.announce()
    await world.spread()

    assert len(world.kafka.told) == 10
    assert (world.progress.total, world.progress.finished_at) == (None, NOW)


async def test_a_region_without_accounts_is_done_at_once() -> None:
    world = World()
    await world.announce()
    await world.spread()

    assert (world.progress.total, world.progress.finished_at) == (0, NOW)
