"""How soon a code is mailed while a hundred thousand notices are on their way, beside an idle notifier: in turns."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.system import LocalSystem
from shared.events import NoticeDue
from tests.bench.cpu import MachineMeter
from tests.bench.events import Sealed, producing, publish
from tests.bench.ledger import Ledger
from tests.bench.load import Run, at_most, at_rate
from tests.bench.plan import Plan
from tests.bench.stand_in import Provider
from tests.bench.targets import Target

GROUP = f"gatepost.notifier.{NoticeDue.topic}"
CHUNK = 1_000
UNDER_WAY = 100  # notices, and it is no start any more
WARM_UP_S = 2.0
GIVE_UP_S = 60.0


@dataclass(frozen=True)
class CodesAmong:
    """Logins to their mails. `notices`: mailed meanwhile; `left`: still there at the end; `others`: cores that
    strangers took."""

    run: Run
    notices: int
    left: int
    others: float


class Notices:
    def __init__(
        self, system: LocalSystem, provider: Provider, target: Target, ledger: Ledger, producer: AIOKafkaProducer
    ) -> None:
        self._system = system
        self._provider = provider
        self._target = target
        self._ledger = ledger
        self._producer = producer

    async def idle(self, plan: Plan, seed: int) -> CodesAmong:
        return await self._codes(plan, seed)

    async def among(self, plan: Plan, seed: int) -> CodesAmong:
        """All of them are on Kafka before the first login."""
        before, notice = self._provider.others, Sealed(self._system).notice
        for start in range(0, plan.notices, CHUNK):
            await publish(self._producer, (notice(number) for number in range(start, start + CHUNK)))
        await self._until(lambda: self._provider.others > before + UNDER_WAY)
        found = await self._codes(plan, seed)
        return replace(found, left=plan.notices - (self._provider.others - before))

    async def _codes(self, plan: Plan, seed: int) -> CodesAmong:
        await at_rate(self._target, self._ledger, plan.notices_rate, WARM_UP_S, 0)  # the notifier has just started
        before, machine = self._provider.others, MachineMeter()
        run = await at_rate(self._target, self._ledger, plan.notices_rate, plan.notices_s, seed)
        return CodesAmong(run, self._provider.others - before, 0, machine.cores()[1])

    async def forget(self) -> None:
        """A new notifier for each turn, and what the last one has left is committed as if it were mailed."""
        notifier = self._system.services["notifier"]
        await asyncio.to_thread(notifier.stop)
        await _commit_all(self._system.kafka.bootstrap)
        await asyncio.to_thread(notifier.start)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(GIVE_UP_S):
            while not condition():
                await asyncio.sleep(0.05)


async def _commit_all(bootstrap: str) -> None:
    """Nobody is in the group."""
    consumer = AIOKafkaConsumer(NoticeDue.topic, bootstrap_servers=bootstrap, group_id=GROUP, enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer.commit(await consumer.end_offsets(consumer.assignment()))
    finally:
        await consumer.stop()


async def measure_notices(
    system: LocalSystem, provider: Provider, target: Target, ledger: Ledger, plan: Plan, tell: Callable[[str], None]
) -> dict[str, list[CodesAmong]]:
    """By `idle` and `among`."""
    samples: dict[str, list[CodesAmong]] = {"idle": [], "among": []}
    async with producing(system.kafka.bootstrap) as producer:
        notices = Notices(system, provider, target, ledger, producer)
        provider.delay_s = plan.notices_provider_ms / 1000
        await at_most(target, ledger, plan.on_their_way, plan.warm_up_s)
        for number in range(1, plan.rounds + 1):
            tell(f"codes among {plan.notices:,} notices, round {number} of {plan.rounds}")
            for name, measure in (("idle", notices.idle), ("among", notices.among)):
                samples[name].append(await measure(plan, number))
                await notices.forget()
        provider.delay_s = 0.0
    return samples
