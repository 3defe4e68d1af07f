"""Work that a service does again and again in the background, and that nothing may end but the service itself."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()


async def periodically(name: str, every_s: float, work: Callable[[], Awaitable[object]]) -> None:
    """At once, and then `every_s` after each end, for ever: a failure is told, and the next time comes all the same."""
    while True:
        try:
            await work()
        except DependencyUnavailable as missing:
            _log.warning("periodic_work_waits", work=name, dependency=missing.dependency)
        except Exception as error:  # whatever it is: nobody else would begin it again
            _log.error("periodic_work_failed", work=name, exc_info=error)
        await asyncio.sleep(every_s)
