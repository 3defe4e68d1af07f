"""The notifier by itself: codes to mail at a provider that takes its time, beside a bare consumer that posts."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer

from deploy.local.system import LocalSystem
from tests.bench.cpu import CpuMeter, MachineMeter
from tests.bench.events import Message, Sealed, producing, publish
from tests.bench.floor import bare_mailer
from tests.bench.floor_worker import MAILS, message
from tests.bench.in_turns import idle_cores
from tests.bench.ledger import Ledger, Login
from tests.bench.plan import Plan
from tests.bench.stand_in import Provider

FIRST = 600_000  # names in addresses; no accounts
WARM_UP = 500
GIVE_UP_S = 120.0
AFTERMATH_S = 0.5  # outcomes are published and offsets committed after the answer: part of what a mail costs


@dataclass(frozen=True)
class MailSample:
    """Of one round. `per_second` at the provider, without the first and last tenth; `cores`: what the process took,
    `others`: what strangers took meanwhile."""

    per_second: float
    cpu_ms: float
    cores: float
    others: float


@dataclass(frozen=True)
class Mailer:
    """A process that mails what `message` of an account says. `idle`: cores while there is nothing to mail."""

    pid: int
    idle: float
    message: Callable[[int], Message]


class Mailing:
    """As many mails as `count`, which are all on Kafka before the first tenth of them is mailed."""

    def __init__(self, producer: AIOKafkaProducer, provider: Provider, ledger: Ledger) -> None:
        self._producer = producer
        self._provider = provider
        self._ledger = ledger

    async def measure(self, mailer: Mailer, count: int, delay_s: float) -> MailSample:
        self._provider.delay_s = delay_s
        logins = [Login(FIRST + number, 0) for number in range(count)]
        messages = [mailer.message(login.account) for login in logins]
        for login in logins:
            self._ledger.expect(login)
        meter, machine = CpuMeter({"it": mailer.pid}), MachineMeter()
        await publish(self._producer, messages)
        async with asyncio.timeout(GIVE_UP_S):
            arrivals = sorted(await asyncio.gather(*(login.mailed for login in logins)))
        (seconds, used), others = meter.used(), machine.cores()[1]
        await asyncio.sleep(delay_s + AFTERMATH_S)
        all_seconds, all_used = meter.used()
        self._provider.delay_s = 0.0
        first, last = count // 10, count - count // 10 - 1
        per_second = (last - first) * 1e9 / (arrivals[last] - arrivals[first])
        cpu_ms = (all_used["it"] - mailer.idle * all_seconds) * 1000 / count
        return MailSample(per_second, cpu_ms, used["it"] / seconds, others)


async def measure_mails(
    system: LocalSystem, provider: Provider, url: str, ledger: Ledger, plan: Plan, tell: Callable[[str], None]
) -> dict[str, list[MailSample]]:
    """By `mails_20ms`, `bare_mails_20ms` and so on."""
    samples: dict[str, list[MailSample]] = {}
    async with bare_mailer(system, url) as bare_pid, producing(system.kafka.bootstrap) as producer:
        mailing, pid = Mailing(producer, provider, ledger), system.services["notifier"].pid or 0
        idle, bare_idle = await asyncio.gather(idle_cores(pid, plan.idle_s), idle_cores(bare_pid, plan.idle_s))
        mailers = {
            "mails": Mailer(pid, idle, Sealed(system).passcode),
            "bare_mails": Mailer(bare_pid, bare_idle, _bare),
        }
        for mailer in mailers.values():
            await mailing.measure(mailer, WARM_UP, 0.0)
        for number in range(1, plan.rounds + 1):
            tell(f"mails, round {number} of {plan.rounds}")
            for delay_ms in plan.provider_ms:
                for name, mailer in mailers.items():
                    sample = await mailing.measure(mailer, plan.mails, delay_ms / 1000)
                    samples.setdefault(f"{name}_{delay_ms}ms", []).append(sample)
    return samples


def _bare(account: int) -> Message:
    return MAILS, b"%d" % account, message(b"%d" % account, 0), []
