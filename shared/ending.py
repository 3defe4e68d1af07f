"""Ending work that goes on in the background."""

import asyncio
from typing import Any, Final

AGAIN_S: Final = 1.0  # whoever heard is cleaning up


async def ended(*tasks: "asyncio.Task[Any]") -> None:
    """Cancels them, until each has heard of it: `asyncio.wait_for` of Python 3.11, which libraries use, swallows a
    cancellation that comes as what it waited for is done, and a loop around it goes on."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)  # seen, so that nobody complains
