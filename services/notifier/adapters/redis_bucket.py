"""A bucket of calls that all instances share, in Redis: so many a second, and none while a provider asks for patience.

Whoever waits here at the same time asks Redis together: a busy instance makes a few calls for hundreds of mails.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from math import ceil
from typing import Final

from shared.ending import ended
from shared.redis import RedisClient
from shared.redis_script import Script

# A tenth of a second's worth may go out at once: instances that ask now and then still reach the rate.
BURST_S: Final = 0.1
LEFT_FOR_OTHERS: Final = 0.25  # of the burst: who is in no hurry leaves it to who is


@dataclass(frozen=True, slots=True)
class _Asking:
    hurried: bool
    answer: "asyncio.Future[timedelta]"


class RedisBucket:
    """`per_second`: calls, of all instances together."""

    def __init__(self, client: RedisClient, name: str, per_second: float) -> None:
        scripts = resources.files("services.notifier.adapters.scripts")
        self._take, self._pause = (Script(client, scripts.joinpath(f"{verb}.lua").read_text()) for verb in _VERBS)
        self._name = name.encode()
        self._key = f"notifier:bucket:{{{name}}}"
        self._every_us = max(1, round(1_000_000 / per_second))
        self._burst = max(2, ceil(per_second * BURST_S))
        self._asking: list[_Asking] = []
        self._taking: asyncio.Task[None] | None = None

    async def take(self, *, hurried: bool = True) -> timedelta:
        """Zero: a call was taken. Otherwise the time after which it is worth asking again.

        Raises: DependencyUnavailable.
        """
        asking = _Asking(hurried, asyncio.get_running_loop().create_future())
        self._asking.append(asking)
        if self._taking is None or self._taking.done():
            self._taking = asyncio.create_task(self._take_for_all())
        return await asking.answer

    async def turn(self) -> None:
        """Returns once a call was taken. Raises: DependencyUnavailable."""
        while wait := await self.take():
            await asyncio.sleep(wait.total_seconds())

    async def pause(self, span: timedelta) -> None:
        """Raises: DependencyUnavailable."""
        await self._pause.about(self._name, [self._key], ceil(span / timedelta(milliseconds=1)))

    async def close(self) -> None:
        if self._taking is not None:
            await ended(self._taking)

    async def _take_for_all(self) -> None:
        while self._asking:
            asking, self._asking = self._asking, []
            for hurried in (True, False):
                await self._take_for([each for each in asking if each.hurried is hurried], hurried)

    async def _take_for(self, asking: list[_Asking], hurried: bool) -> None:
        if not asking:
            return
        left = 0 if hurried else ceil(self._burst * LEFT_FOR_OTHERS)
        try:
            taken, wait_us = await self._take.about(
                self._name, [self._key], len(asking), self._every_us, self._burst, left
            )
        except Exception as error:  # else whoever asks would wait for ever
            for each in asking:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return
        for place, each in enumerate(asking):
            if not each.answer.done():  # who was cancelled has taken one all the same
                behind = max(0, place - taken) * self._every_us
                wait = timedelta(microseconds=max(1, wait_us + behind))
                each.answer.set_result(timedelta(0) if place < taken else wait)


_VERBS: Final = ("take", "pause")
