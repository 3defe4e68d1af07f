"""No more calls at once than a provider can take, first come, first served."""

import asyncio

import pytest

from services.notifier.adapters.call_window import CallWindow, NoRoom
from services.notifier.domain.adaptive_limit import AdaptiveLimit


class Calls:
    """Calls that end when they are told to."""

    def __init__(self, window: CallWindow) -> None:
        self._window = window
        self._ends: dict[int, asyncio.Event] = {}
        self.began: list[int] = []
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def start(self, *numbers: int, within_s: float = 5, hurried: bool = True) -> None:
        for number in numbers:
            self._ends[number] = asyncio.Event()
            self.tasks[number] = asyncio.create_task(self._call(number, within_s, hurried))
        await asyncio.sleep(0)

    async def end(self, number: int) -> None:
        self._ends[number].set()
        await self.tasks[number]
        await asyncio.sleep(0)

    async def _call(self, number: int, within_s: float, hurried: bool) -> None:
        async with self._window.room(within_s, hurried=hurried):
            self.began.append(number)
            await self._ends[number].wait()


def window(most: int) -> CallWindow:
    return CallWindow("sendgrid", AdaptiveLimit(most, least=1))


async def test_the_one_too_many_waits_for_an_end_and_the_first_to_wait_is_next() -> None:
    calls = Calls(window(2))
    await calls.start(1, 2, 3, 4)
    assert calls.began == [1, 2]
    await calls.end(2)
    assert calls.began == [1, 2, 3]
    await calls.end(1)
    assert calls.began == [1, 2, 3, 4]
    await calls.end(3)
    await calls.end(4)


async def test_who_waits_too_long_is_told_and_takes_no_room() -> None:
    calls = Calls(window(1))
    await calls.start(1)
    await calls.start(2, within_s=0.01)
    with pytest.raises(NoRoom):
        await calls.tasks[2]
    await calls.end(1)
    await calls.start(3)
    assert calls.began == [1, 3]
    await calls.end(3)


async def test_who_leaves_in_the_moment_of_his_turn_gives_it_to_the_next() -> None:
    calls = Calls(window(1))
    await calls.start(1, 2, 3)
    calls._ends[1].set()
    while not calls.tasks[1].done():
        await asyncio.sleep(0)
    calls.tasks[2].cancel()
    await asyncio.gather(calls.tasks[2], return_exceptions=True)
    await asyncio.sleep(0)
    assert calls.began[-1] == 3
    await calls.end(3)


async def test_who_is_in_no_hurry_leaves_a_quarter_and_comes_after_who_is() -> None:
    calls = Calls(window(4))
    await calls.start(1, 2, 3, 4, 5, hurried=False)
    assert calls.began == [1, 2, 3]
    await calls.start(6, 7)
    assert calls.began == [1, 2, 3, 6]
    await calls.end(1)
    assert calls.began == [1, 2, 3, 6, 7]
    for number in (6, 7):
        await calls.end(number)
    assert calls.began == [1, 2, 3, 6, 7, 4]
    for number in (2, 3, 4, 5):
        await calls.end(number)


async def test_after_failures_fewer_are_admitted() -> None:
    narrow = window(3)
    narrow.learn(kept_up=False)
    calls = Calls(narrow)
    await calls.start(1, 2, 3)
    assert calls.began == [1, 2]
    for number in (1, 2, 3):
        await calls.end(number)
