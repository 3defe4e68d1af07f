"""Members come and go while messages flow: all are handled, offsets are right, duplicates only where allowed."""

import asyncio
from collections import Counter
from functools import partial

import pytest

from shared.intake import Limits
from tests.integration.shared.conftest import NewBus
from tests.integration.shared.kafka_kit import Cluster, Ping, Recorder, group_of
from tests.wait_until import wait_until

pytestmark = pytest.mark.usefixtures("groups_of_several")


async def feed(cluster: Cluster, event: type[Ping], total: int, per_s: int) -> None:
    for start in range(0, total, 50):
        await cluster.spread(event(number=number) for number in range(start, min(start + 50, total)))
        await asyncio.sleep(50 / per_s)


def join(new_bus: NewBus, event: type[Ping], recorder: Recorder, limits: Limits | None = None) -> None:
    bus = new_bus()
    bus.consume(event, recorder, limits)
    bus.start()


async def test_a_second_member_takes_its_share_and_nothing_is_handled_twice(cluster: Cluster, new_bus: NewBus) -> None:
    event = await cluster.new_event(4)
    first, second = (Recorder(lambda _, __: asyncio.sleep(0.005)) for _ in range(2))
    join(new_bus, event, first)
    feeding = asyncio.create_task(feed(cluster, event, 1500, 400))
    await wait_until(lambda: len(first.handled) > 200)
    join(new_bus, event, second)
    await feeding

    await wait_until(lambda: len(set(first.handled) | set(second.handled)) == 1500, 20)
    await cluster.await_no_lag(group_of("tests", event), event.topic)
    assert len(second.handled) > 100
    # Handlers end within the handover, so what was taken is finished and committed before it is given away.
    assert [number for number, times in Counter(first.handled + second.handled).items() if times > 1] == []


async def test_a_handler_that_outlasts_the_handover_may_be_repeated_but_nothing_is_lost(
    cluster: Cluster, new_bus: NewBus
) -> None:
    event = await cluster.new_event(4)
    slow = Limits(handover_s=0.2)
    first = Recorder(lambda number, _: asyncio.sleep(3 if number % 100 == 7 else 0.005))
    second = Recorder()
    join(new_bus, event, first, slow)
    feeding = asyncio.create_task(feed(cluster, event, 600, 300))
    await wait_until(lambda: len(first.handled) > 100)
    join(new_bus, event, second, slow)
    await feeding

    await wait_until(lambda: len(set(first.handled) | set(second.handled)) == 600, 20)
    await cluster.await_no_lag(group_of("tests", event), event.topic)


async def test_members_that_come_and_go_lose_nothing(cluster: Cluster, new_bus: NewBus) -> None:
    event = await cluster.new_event(4)
    recorders = [Recorder(lambda _, __: asyncio.sleep(0.005)) for _ in range(4)]
    tight = Limits(concurrency=8, held=20)  # records wait for room while partitions are taken away
    buses = []
    enough = asyncio.Event()
    feeding = asyncio.create_task(feed_until(enough, cluster, event))
    for recorder in recorders:
        bus = new_bus()
        bus.consume(event, recorder, tight)
        bus.start()
        buses.append(bus)
        await wait_until(partial(has_handled, recorder, 40), 20)
    await buses[0].stop()
    await buses[2].stop()
    enough.set()
    total = await feeding

    def all_handled() -> bool:
        return len({number for recorder in recorders for number in recorder.handled}) == total

    await wait_until(all_handled, 20)
    await cluster.await_no_lag(group_of("tests", event), event.topic)
    handled = Counter(number for recorder in recorders for number in recorder.handled)
    assert [number for number, times in handled.items() if times > 1] == []


def has_handled(recorder: Recorder, number: int) -> bool:
    return len(recorder.handled) >= number


async def feed_until(enough: asyncio.Event, cluster: Cluster, event: type[Ping]) -> int:
    """Returns how many it was."""
    total = 0
    while not enough.is_set():
        await cluster.spread(event(number=total + number) for number in range(50))
        total += 50
    return total
