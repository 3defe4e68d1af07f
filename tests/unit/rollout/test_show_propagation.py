"""Waiting until a version is everywhere, and forgetting an instance that is no more."""

import asyncio
from datetime import timedelta

import pytest

from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.propagation import Instances
from services.rollout.use_cases.forget_instance import ForgetInstance, Forgetting
from services.rollout.use_cases.hear_instances import HearInstances
from services.rollout.use_cases.show_propagation import ShowPropagation
from shared.ending import ended
from shared.events import InstanceForgotten
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.unit.rollout.fakes import FakeDatabase
from tests.unit.rollout.heartbeats import SILENT_AFTER, A, B, applied, heartbeat
from tests.unit.rollout.samples import NOON, RAMP, region
from tests.wait_until import wait_until

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
LONG_S = 30.0


class Rollout:
    """`emea` stands at version 1; the topics are read to the end."""

    def __init__(self) -> None:
        self.clock = Clock(NOON)
        self.database = FakeDatabase(versions={"emea": [region()]})
        self.hear = HearInstances(Instances(HOUR), self.clock)
        self.whole_topics = asyncio.Event(), asyncio.Event()
        self.hear.reading(*self.whole_topics)
        for whole in self.whole_topics:
            whole.set()
        self.show = ShowPropagation(self.hear, self.database, self.clock)
        self.forgotten: list[tuple[InstanceForgotten, Deed]] = []
        self.down = False
        self.forget = ForgetInstance(self.hear, self, self.clock)

    async def write(self, event: InstanceForgotten, deed: Deed) -> None:
        if self.down:
            raise DependencyUnavailable("postgres")
        self.forgotten.append((event, deed))


async def test_an_unknown_region_is_waited_for_by_nobody() -> None:
    assert await Rollout().show("apac", LONG_S) is None


async def test_who_does_not_wait_is_told_how_it_stands() -> None:
    found = await Rollout().show("emea")

    assert found is not None
    assert not found.everywhere


async def test_who_waits_is_told_when_the_last_one_has_it() -> None:
    rollout = Rollout()
    rollout.hear.heard(heartbeat(A, emea=applied(1, 20)))
    rollout.hear.heard(heartbeat(B))
    waiting = asyncio.create_task(rollout.show("emea", LONG_S))
    await asyncio.sleep(0)
    rollout.hear.heard(heartbeat(B, NOON + TICK, emea=applied(1, 30)))
    found = await asyncio.wait_for(waiting, LONG_S / 2)

    assert found is not None
    assert (found.everywhere, found.slowest_ms) == (True, 30)


async def test_who_waits_waits_for_the_version_that_stands_by_then() -> None:
    rollout = Rollout()
    rollout.hear.heard(heartbeat(A))
    waiting = asyncio.create_task(rollout.show("emea", LONG_S))
    await asyncio.sleep(0)
    rollout.database.versions["emea"].append(region(policy=RAMP, version=2))
    rollout.hear.heard(heartbeat(A, NOON + TICK, emea=applied(1)))
    rollout.hear.heard(heartbeat(A, NOON + 2 * TICK, emea=applied(2)))
    found = await asyncio.wait_for(waiting, LONG_S / 2)

    assert found is not None
    assert (found.version, found.everywhere) == (2, True)


async def test_who_waits_is_told_when_a_silent_instance_stops_counting() -> None:
    """Nothing comes that could wake anybody: time alone has passed."""
    rollout = Rollout()
    rollout.hear.heard(heartbeat(B))
    rollout.clock.advance(HOUR)
    rollout.hear.heard(heartbeat(A, NOON + HOUR, emea=applied(1)))
    waiting = asyncio.create_task(rollout.show("emea", LONG_S))
    await asyncio.sleep(0)
    rollout.clock.advance(TICK)
    found = await asyncio.wait_for(waiting, LONG_S / 2)

    assert found is not None
    assert found.everywhere


async def test_a_stop_lets_nobody_wait() -> None:
    rollout = Rollout()
    waiting = asyncio.create_task(rollout.show("emea", LONG_S))
    await asyncio.sleep(0)
    rollout.show.stop_waiting()
    found = await asyncio.wait_for(waiting, LONG_S / 2)

    assert found is not None
    assert not found.everywhere


@pytest.mark.parametrize("unread", [0, 1])
async def test_nothing_is_said_before_both_topics_are_read(unread: int) -> None:
    rollout = Rollout()
    rollout.hear.heard(heartbeat(A, emea=applied(1)))
    rollout.whole_topics[unread].clear()

    with pytest.raises(DependencyUnavailable):
        await rollout.show("emea")
    with pytest.raises(DependencyUnavailable):
        await rollout.forget(A, "rosa")


async def test_a_silent_instance_is_forgotten_by_name_of_who_said_so() -> None:
    rollout = Rollout()
    rollout.hear.heard(heartbeat(A))
    rollout.clock.advance(SILENT_AFTER + TICK)

    assert await rollout.forget(A, "rosa") is Forgetting.DONE
    assert rollout.hear.known() == []
    ((event, deed),) = rollout.forgotten
    assert (event.instance, event.heartbeat_at, event.forgotten_by) == (A, NOON, "rosa")
    assert (deed.actor, deed.action, deed.subject) == ("rosa", AuditAction.INSTANCE_FORGOTTEN, f"instance:{A}")
    assert deed.detail == {"name": "auth-a", "heartbeat_at": NOON.isoformat()}


async def test_a_live_instance_is_not_forgotten() -> None:
    rollout = Rollout()
    rollout.hear.heard(heartbeat(A))

    assert await rollout.forget(A, "rosa") is Forgetting.LIVE
    assert await rollout.forget(B, "rosa") is Forgetting.UNKNOWN
    assert rollout.forgotten == []


async def test_what_could_not_be_told_is_not_forgotten_here_alone() -> None:
    rollout = Rollout()
    rollout.hear.heard(heartbeat(A))
    rollout.clock.advance(SILENT_AFTER + TICK)
    rollout.down = True

    with pytest.raises(DependencyUnavailable):
        await rollout.forget(A, "rosa")
    assert [instance.id for instance in rollout.hear.known()] == [A]


async def test_many_who_wait_are_all_told() -> None:
    rollout = Rollout()
    waiting = [asyncio.create_task(rollout.show("emea", LONG_S)) for _ in range(20)]
    await asyncio.sleep(0)
    rollout.hear.heard(heartbeat(A, emea=applied(1)))
    try:
        await wait_until(lambda: all(task.done() for task in waiting))
    finally:
        await ended(*waiting)
