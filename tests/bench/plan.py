"""What is measured and for how long: system and floor in turns, because the machine itself drifts by up to two."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from tests.bench.cpu import Cpu, CpuMeter, MachineMeter, per_login, per_second
from tests.bench.ledger import Ledger
from tests.bench.load import Run, at_most, at_rate
from tests.bench.targets import Target


@dataclass(frozen=True)
class Plan:
    """Seconds of each part; rates in logins/s. `on_their_way`: how many may wait for their mail at the highest rate."""

    rounds: int = 3
    warm_up_s: float = 8.0
    idle_s: float = 4.0
    latency_s: float = 8.0
    steady_s: float = 6.0
    highest_s: float = 8.0
    latency_rate: float = 20.0
    steady_rate: float = 100.0
    on_their_way: int = 64
    flood_s: float = 0.7
    floods: int = 3  # in each round: short turns, so that what else the machine does falls on all alike
    factors_s: float = 4.0
    growth_s: float = 4.0
    few_accounts: int = 1_000
    many_accounts: int = 100_000
    streams: int = 200
    pushes: int = 400
    push_rate: float = 40.0
    mails: int = 6_000
    provider_ms: tuple[int, ...] = (20, 200)
    notices: int = 100_000
    notices_s: float = 20.0
    notices_rate: float = 50.0  # logins/s: a thousand of them make a p99
    notices_provider_ms: int = 20
    hanging_s: float = 50.0
    hanging_rate: float = 100.0
    changes: int = 500
    previews: int = 500


QUICK = Plan(
    rounds=1,
    warm_up_s=2.0,
    idle_s=1.0,
    latency_s=3.0,
    steady_s=2.0,
    highest_s=2.0,
    factors_s=2.0,
    growth_s=2.0,
    many_accounts=10_000,
    pushes=100,
    mails=1_500,
    notices=10_000,
    notices_s=5.0,
    hanging_s=8.0,
    changes=100,
    previews=100,
)


@dataclass(frozen=True)
class Side:
    """One of the two that are compared. `default_argon2`: the same target, with accounts of the default settings."""

    target: Target
    pids: dict[str, int]
    default_argon2: Target | None = None


@dataclass(frozen=True)
class Part:
    """`cpu`: ms per login and process. `generator`: cores that we took to make the load. `others`: cores that
    strangers took meanwhile."""

    run: Run
    cpu: Cpu
    generator: float
    others: float


@dataclass
class Figures:
    """One side: its idle CPU in ms per second and process, and each part once a round."""

    idle: Cpu = field(default_factory=dict)
    latency: list[Part] = field(default_factory=list)
    steady: list[Part] = field(default_factory=list)
    highest: list[Part] = field(default_factory=list)
    default_argon2: Part | None = None


class Bench:
    def __init__(self, ledger: Ledger, plan: Plan, sides: dict[str, Side], tell: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._plan = plan
        self._sides = sides
        self._tell = tell
        self._figures = {name: Figures() for name in sides}

    async def run(self) -> dict[str, Figures]:
        await self._warm_up()
        for number in range(1, self._plan.rounds + 1):
            self._tell(f"round {number} of {self._plan.rounds}")
            for side, figures in self._each():
                figures.latency.append(await self._rate(side, side.target, self._plan.latency_rate, number))
            for side, figures in self._each():
                figures.steady.append(await self._rate(side, side.target, self._plan.steady_rate, number))
            for side, figures in self._each():
                figures.highest.append(await self._highest(side))
        for side, figures in self._each():
            if side.default_argon2 is not None:
                figures.default_argon2 = await self._rate(side, side.default_argon2, self._plan.latency_rate, 0)
        return self._figures

    def _each(self) -> Iterator[tuple[Side, Figures]]:
        for name, side in self._sides.items():
            yield side, self._figures[name]

    async def _warm_up(self) -> None:
        self._tell("warming up")
        for side in self._sides.values():
            # As fast as it goes: the JVM of Kafka compiles what has run often, and so the first seconds are slow.
            await at_most(side.target, self._ledger, self._plan.on_their_way, self._plan.warm_up_s)
        await asyncio.sleep(1.0)  # the last commits
        meters = [CpuMeter(side.pids) for side in self._sides.values()]
        await asyncio.sleep(self._plan.idle_s)
        for meter, figures in zip(meters, self._figures.values(), strict=True):
            figures.idle = per_second(meter.used())

    async def _rate(self, side: Side, target: Target, rate: float, seed: int) -> Part:
        seconds = self._plan.latency_s if rate == self._plan.latency_rate else self._plan.steady_s
        return await self._measure(side, at_rate(target, self._ledger, rate, seconds, seed))

    async def _highest(self, side: Side) -> Part:
        return await self._measure(
            side, at_most(side.target, self._ledger, self._plan.on_their_way, self._plan.highest_s)
        )

    async def _measure(self, side: Side, load: Awaitable[Run]) -> Part:
        idle = next(figures.idle for other, figures in self._each() if other is side)
        meter, machine, mails = CpuMeter(side.pids), MachineMeter(), self._ledger.mails
        run = await load
        return Part(run, per_login(meter.used(), idle, self._ledger.mails - mails), *machine.cores())
