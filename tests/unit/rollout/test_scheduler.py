"""Who leads, and what a leader does when the clocks do not agree."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from services.rollout.use_cases.scheduler import AGREED, Round, Scheduler, seldom
from shared.unavailable import DependencyUnavailable
from tests.unit.rollout.samples import NOON
from tests.wait_until import wait_until

HOUR = timedelta(hours=1)


@dataclass
class OneLock:
    """A database with one lock and a clock."""

    now: datetime = NOON
    down: bool = False
    leader: "Session | None" = None

    @asynccontextmanager
    async def session(self) -> "AsyncIterator[Session]":
        session = Session(self)
        try:
            yield session
        finally:
            if self.leader is session:
                self.leader = None


@dataclass(eq=False)
class Session:
    database: OneLock

    async def lead(self) -> bool:
        if self.database.leader is None:
            self.database.leader = self
        return self.database.leader is self

    async def now(self) -> datetime:
        if self.database.down:
            raise DependencyUnavailable("postgres")
        return self.database.now


@dataclass
class Instance:
    """`looks`: the moments for which it was asked what is due."""

    database: OneLock
    ahead: timedelta = timedelta(0)
    looks: list[datetime] = field(default_factory=list)
    before: list[Round] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Instance"]:
        rounds = [*self.before, self._look]
        scheduler = Scheduler(self.database, rounds, lambda: self.database.now + self.ahead, every_s=0.001)
        task = asyncio.create_task(scheduler.run())
        yield self
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _look(self, now: datetime) -> None:
        self.looks.append(now)


async def _some_rounds() -> None:
    await asyncio.sleep(0.05)


async def test_one_leads_and_the_other_follows_when_it_is_gone() -> None:
    database = OneLock()
    async with Instance(database).running() as second:
        async with Instance(database).running() as first:
            await _some_rounds()
            looks = sorted([first.looks, second.looks], key=len)
            assert looks[0] == []
            assert looks[1]
            leader = first if first.looks else second
        await wait_until(lambda: bool(second.looks))
        assert leader.looks


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, AGREED + timedelta(seconds=1), -AGREED - timedelta(seconds=1)])
async def test_nothing_is_done_while_the_clocks_do_not_agree(ahead: timedelta) -> None:
    async with Instance(OneLock(), ahead).running() as instance:
        await _some_rounds()
        assert instance.looks == []
        instance.ahead = timedelta(0)
        await wait_until(lambda: bool(instance.looks))


@pytest.mark.parametrize(("ahead", "earlier"), [(AGREED, timedelta(0)), (-AGREED, -AGREED)])
async def test_both_clocks_must_say_that_something_is_due(ahead: timedelta, earlier: timedelta) -> None:
    async with Instance(OneLock(), ahead).running() as instance:
        await wait_until(lambda: bool(instance.looks))
        assert set(instance.looks) == {NOON + earlier}


@pytest.mark.parametrize("error", [DependencyUnavailable("kafka"), ValueError("a bug")])
async def test_what_goes_wrong_in_one_round_does_not_keep_the_others(error: Exception) -> None:
    async def fails(_: datetime) -> None:
        raise error

    async with Instance(OneLock(), before=[fails]).running() as instance:
        await wait_until(lambda: len(instance.looks) > 2)


async def test_without_its_session_a_leader_does_nothing_and_comes_back() -> None:
    database = OneLock()
    async with Instance(database).running() as instance:
        await wait_until(lambda: bool(instance.looks))
        database.down = True
        await _some_rounds()
        seen = len(instance.looks)
        await _some_rounds()
        assert len(instance.looks) == seen
        database.down = False
        await wait_until(lambda: len(instance.looks) > seen)


async def test_what_is_seldom_due_is_done_seldom() -> None:
    done: list[datetime] = []

    async def work() -> None:
        done.append(NOON)

    async with Instance(OneLock(), before=[seldom(work, 3600)]).running() as instance:
        await wait_until(lambda: len(instance.looks) > 2)
    assert len(done) == 1
