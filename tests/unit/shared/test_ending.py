"""Work in the background ends when it is told to."""

import asyncio
from contextlib import suppress

from shared.ending import ended


async def test_who_does_not_hear_the_first_cancellation_hears_the_next() -> None:
    heard = 0

    async def hard_of_hearing() -> None:
        nonlocal heard
        while heard < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard += 1
        await asyncio.sleep(60)

    async def attentive() -> None:
        await asyncio.sleep(60)

    async def broken() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        raise RuntimeError

    tasks = [asyncio.create_task(each()) for each in (hard_of_hearing, attentive, broken)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await ended(*tasks)

    assert heard == 3
    assert all(task.done() for task in tasks)


async def test_nothing_ends_at_once() -> None:
    await ended()
