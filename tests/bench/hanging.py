"""Logins while the first provider takes mails and never answers: how soon a relay, which is the second, has them."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.system import LocalSystem
from tests.bench.ledger import Ledger
from tests.bench.load import Run, at_most, at_rate
from tests.bench.plan import Plan
from tests.bench.stand_in import Provider
from tests.bench.targets import Target
from tests.integration.notifier.relay import Relay, relaying

_ACCOUNT = re.compile(rb"^To: .*bench-(\d+)@", re.MULTILINE)


@dataclass
class TimingRelay(Relay):
    """Takes every mail, and the time of it."""

    ledger: Ledger | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert self.ledger is not None
        assert isinstance(envelope.content, bytes)
        if (account := _ACCOUNT.search(envelope.content)) is not None:
            self.ledger.mail(int(account[1]), None, time.monotonic_ns(), None)
        return "250 2.0.0 taken"


@dataclass(frozen=True)
class Hanging:
    """`held`: mails that the first provider took and never answered."""

    run: Run
    held: int


async def measure_hanging(
    system: LocalSystem, provider: Provider, target: Target, ledger: Ledger, plan: Plan, tell: Callable[[str], None]
) -> Hanging:
    tell(f"{plan.hanging_rate * plan.hanging_s:,.0f} logins while the first provider hangs")
    async with relaying(TimingRelay(ledger=ledger)) as relay:
        with ExitStack() as undo:
            await _with_relay(system, relay.url, undo)
            await at_most(target, ledger, plan.on_their_way, plan.warm_up_s)
            provider.hangs, before = True, provider.hung
            undo.callback(setattr, provider, "hangs", False)
            run = await at_rate(target, ledger, plan.hanging_rate, plan.hanging_s)
            held = provider.hung - before
        await asyncio.to_thread(system.services["notifier"].restart)
    return Hanging(run, held)


async def _with_relay(system: LocalSystem, url: str, undo: ExitStack) -> None:
    notifier = system.services["notifier"]
    before = dict(notifier.env)
    undo.callback(notifier.env.update, before)
    undo.callback(notifier.env.clear)
    notifier.env |= {"GATEPOST_SMTP_URL": url, "GATEPOST_SMTP_PER_SECOND": "2000"}
    await asyncio.to_thread(notifier.restart)


def hanging_document(found: Hanging) -> dict[str, Any]:
    run = found.run
    return {
        "logins": len(run.milliseconds),
        **{f"p{percent}_ms": round(run.percentile(percent), 1) for percent in (50, 99)},
        "most_ms": round(run.milliseconds[-1], 1),
        "held": found.held,
        "refused": run.refused,
        "lost": run.lost,
    }


def hanging_rows(bench: Mapping[str, Any]) -> Iterator[str]:
    found, rate = bench["hanging"], bench["plan"]["hanging_rate"]
    yield ""
    yield f"login → relay at {rate:g} logins/s, {found['logins']:,} of them, while the first provider never answers:"
    yield (
        f"  p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms, at most {found['most_ms']:.1f} ms;"
        f" {found['held']} waited for it, {found['refused']} refused, {found['lost']} lost."
    )
