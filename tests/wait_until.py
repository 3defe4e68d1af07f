"""Waiting for something to become true, instead of sleeping and hoping."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

POLL_S = 0.02


async def wait_until(condition: Callable[[], bool | Awaitable[bool]], within_s: float = 10) -> None:
    """Returns once `condition()` is true. Raises: AssertionError after `within_s` seconds."""
    end = time.monotonic() + within_s
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return
        assert time.monotonic() < end, f"not within {within_s} s: {inspect.getsource(condition).strip()}"
        await asyncio.sleep(POLL_S)
