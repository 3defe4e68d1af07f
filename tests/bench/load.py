"""Two ways to load a target: at a rate whatever the answers (open), or with so many logins on their way (closed)."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.ledger import Ledger, Login
from tests.bench.targets import Target

GIVE_UP_S = 5.0


@dataclass(frozen=True)
class Run:
    """`milliseconds`: login to mail of each login, sorted. `late_ms`: the most that the generator was behind."""

    seconds: float
    milliseconds: list[float]
    refused: int
    lost: int
    late_ms: float

    def __post_init__(self) -> None:
        if not self.milliseconds:
            raise RuntimeError(f"not one mail came: {self.refused} logins were refused, {self.lost} led to none")

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    def percentile(self, percent: float) -> float:
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * percent / 100))]


def arrivals(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """A Poisson process: people do not come in step, and nothing may beat against a timer of the services."""
    gaps = random.Random(seed)
    at = gaps.expovariate(rate)
    while at < seconds:
        yield at
        at += gaps.expovariate(rate)


async def at_rate(target: Target, ledger: Ledger, rate: float, seconds: float, seed: int = 1) -> Run:
    """Returns when every mail has come or is given up."""
    begun, late, logins = time.monotonic(), 0.0, []
    for at in arrivals(rate, seconds, seed):
        await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
        late = max(late, time.monotonic() - begun - at)
        logins.append(asyncio.create_task(target.login()))
    accepted = [login for login in await asyncio.gather(*logins) if login is not None]
    mailed = await _mailed(accepted, ledger)
    return Run(seconds, mailed, len(logins) - len(accepted), len(accepted) - len(mailed), late * 1000)


async def at_most(target: Target, ledger: Ledger, on_their_way: int, seconds: float, skip_s: float = 1.0) -> Run:
    """As fast as it goes while never more than `on_their_way` logins wait for their mail: no backlog can grow.

    The first `skip_s` seconds, in which the queues fill, are left out.
    """
    begun = time.monotonic()
    results: list[tuple[Login | None, bool]] = []

    async def one_after_the_other() -> None:
        while time.monotonic() - begun < skip_s + seconds:
            login = await target.login()
            arrived = login is not None and bool(await _mailed([login], ledger))
            if skip_s <= time.monotonic() - begun < skip_s + seconds:
                results.append((login, arrived))

    await asyncio.gather(*(one_after_the_other() for _ in range(on_their_way)))
    mailed = sorted(login.milliseconds for login, arrived in results if login is not None and arrived)
    refused = sum(login is None for login, _ in results)
    return Run(seconds, mailed, refused, len(results) - refused - len(mailed), 0.0)


async def _mailed(logins: list[Login], ledger: Ledger) -> list[float]:
    """Login to mail in ms, sorted, of those whose mail came."""
    if logins:
        await asyncio.wait([login.mailed for login in logins], timeout=GIVE_UP_S)
    for login in logins:
        if not login.mailed.done():
            ledger.withdraw(login)
    return sorted(login.milliseconds for login in logins if login.mailed.done())
