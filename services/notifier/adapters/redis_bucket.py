"""A bucket of calls that all instances share, in Redis: so many a second, and none while a provider asks for patience.

Whoever waits here at the same time takes together: a busy instance makes a few calls for hundreds of mails.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import Final

from services.notifier.adapters import scripts
from shared.redis import RedisClient
from shared.redis_script import Scripts
from shared.together import Together

# A tenth of a second's worth may go out at once: instances that ask now and then still reach the rate.
BURST_S: Final = 0.1
BEAT_S: Final = 0.2
LEFT_FOR_OTHERS: Final = 0.25  # of the burst: who is in no hurry leaves it to who is


class RedisBucket:
    """`per_second`: calls, of all instances together. `burst_s`: of how long they may go out at once."""

    def __init__(self, client: RedisClient, name: str, per_second: float, burst_s: float = BURST_S) -> None:
        self._take, self._pause = Scripts(client).of_package(scripts, "take", "pause")
        self._name = name.encode()
        self._key = f"notifier:bucket:{{{name}}}"
        self._every_us = max(1, round(1_000_000 / per_second))
        self._burst = max(2, ceil(per_second * burst_s))
        self._together = Together(self._take_for)

    async def take(self, *, hurried: bool = True) -> timedelta:
        """Zero: a call was taken. Otherwise the time after which it is worth asking again.

        Raises: DependencyUnavailable.
        """
        return await self._together(hurried, place=hurried)

    async def turn(self) -> None:
        """Returns at a beat, with whoever else gets a call then. Raises: DependencyUnavailable.

        A mail in ten at once costs a fifth of what one by itself does, and codes feel what mails cost.
        """
        wait = timedelta(0)
        while True:
            await asyncio.sleep(_until_beat(asyncio.get_running_loop().time() + wait.total_seconds()))
            if not (wait := await self.take()):
                return

    async def pause(self, span: timedelta) -> None:
        """Raises: DependencyUnavailable."""
        await self._pause.about(self._name, [self._key], ceil(span / timedelta(milliseconds=1)))

    async def _take_for(self, asking: Sequence[bool]) -> list[timedelta]:
        """All are hurried, or none is."""
        left = 0 if asking[0] else ceil(self._burst * LEFT_FOR_OTHERS)
        taken, wait_us = await self._take.about(self._name, [self._key], len(asking), self._every_us, self._burst, left)
        waits = (max(1, wait_us + place * self._every_us) for place in range(len(asking) - taken))
        return [timedelta(0)] * taken + [timedelta(microseconds=wait) for wait in waits]


def _until_beat(at: float) -> float:
    """Seconds from now to the first beat after `at`, by the loop's clock, and so the same one for all."""
    return ceil(at / BEAT_S) * BEAT_S - asyncio.get_running_loop().time()
