"""A TCP knock whose result is remembered: probes of ours must not become a load on somebody else's door."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from shared.reachable import reachable

REMEMBERED_S: Final = 5.0


class Reachability:
    """`address` is `host:port`."""

    def __init__(
        self,
        address: str,
        knock: Callable[[str], Awaitable[bool]] = reachable,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._knock = knock
        self._clock = clock
        self._known: tuple[float, bool] = (float("-inf"), False)

    async def __call__(self) -> bool:
        at, answer = self._known
        if self._clock() - at >= REMEMBERED_S:
            answer = await self._knock(self._address)
            self._known = (self._clock(), answer)
        return answer
