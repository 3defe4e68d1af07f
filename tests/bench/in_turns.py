"""Several things measured in turns, round by round, each beside the CPU of the one process that does it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.cpu import CpuMeter, MachineMeter
from tests.bench.load import arrivals
from tests.bench.people import Refused, Step
from tests.bench.raw_http import Talk, volley

WARM_UP_S = 0.5


@dataclass(frozen=True)
class Sample:
    """Of one round. `cpu_us`: of the process, for each; `behind_us`, of the server behind it. `others`: cores that
    strangers took meanwhile."""

    per_second: float
    p50_ms: float
    cpu_us: float
    refused: int
    others: float
    behind_us: float = 0.0


@dataclass(frozen=True)
class Flood:
    """As many requests as the process answers, on as many connections as there are talks.

    `behind`: the pid of a server that it asks. `aftermath_s`: how long it may be busy with what the requests left.
    """

    url: str
    pid: int
    talks: Sequence[Talk]
    behind: int | None = None
    aftermath_s: float = 0.0

    async def measure(self, seconds: float) -> Sample:
        meter, machine = _Meter(self.pid, 0.0), MachineMeter()
        behind = _Meter(self.behind or self.pid, 0.0)
        answers = await volley(self.url, self.talks, seconds)
        others = machine.cores()[1]
        await asyncio.sleep(self.aftermath_s)
        cpu_us, behind_us = (each.each(answers.statuses.total()) for each in (meter, behind))
        return Sample(answers.per_second, answers.p50, cpu_us, answers.refused, others, behind_us)


@dataclass(frozen=True)
class Pace:
    """Sign-ins at a rate that leaves the process idle between them; what it spends while idle is left out."""

    step: Step
    pid: int
    rate: float
    idle: float  # cores

    async def measure(self, seconds: float) -> Sample:
        meter, machine = _Meter(self.pid, self.idle), MachineMeter()
        begun, running = time.monotonic(), []
        for at in arrivals(self.rate, seconds, seed=1):
            await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
            running.append(asyncio.create_task(self._one()))
        taken = sorted(each for each in await asyncio.gather(*running) if each is not None)
        if not taken:
            await self.step()  # says why
            raise RuntimeError("not one sign-in led to a session")
        cpu_us, p50 = meter.each(len(running)), taken[len(taken) // 2]
        return Sample(len(taken) / seconds, p50, cpu_us, len(running) - len(taken), machine.cores()[1])

    async def _one(self) -> float | None:
        """Milliseconds; None: refused."""
        begun = time.monotonic()
        try:
            await self.step()
        except (Refused, TimeoutError):
            return None
        return (time.monotonic() - begun) * 1000


class _Meter:
    def __init__(self, pid: int, idle: float) -> None:
        self._meter = CpuMeter({"it": pid})
        self._idle = idle

    def each(self, count: int) -> float:
        """µs of CPU."""
        seconds, cpu = self._meter.used()
        return (cpu["it"] - self._idle * seconds) * 1e6 / max(1, count)


async def idle_cores(pid: int, seconds: float) -> float:
    meter = CpuMeter({"it": pid})
    await asyncio.sleep(seconds)
    passed, cpu = meter.used()
    return cpu["it"] / passed


@dataclass
class Turns:
    """Names in the order in which they take turns."""

    measured: Mapping[str, Flood | Pace]
    seconds: float
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    async def warm_up(self) -> None:
        for each in self.measured.values():
            await each.measure(min(WARM_UP_S, self.seconds))

    async def round(self) -> None:
        for name, each in self.measured.items():
            self.samples.setdefault(name, []).append(await each.measure(self.seconds))
