"""`python -m tests.bench` (`make bench`): Gatepost beside its floor, in about fifteen minutes; `--quick`: two. Parts of
it: `--only mails notices`."""

import argparse
import asyncio
import json
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from deploy.local.lifeline import REPOSITORY
from deploy.local.ports import HIGHEST_BASE, LOOPBACK
from deploy.local.system import LocalSystem
from tests.bench.accounts import AUTH_ENV, CHEAP, DEFAULT, EQUIPPED, FLOOR, SETTLED, Cohort
from tests.bench.codes import measure_codes
from tests.bench.codes_report import codes_document
from tests.bench.floor import floor
from tests.bench.growth import DATABASES, grown, measure_growth
from tests.bench.hanging import hanging_document, measure_hanging
from tests.bench.ledger import Ledger
from tests.bench.mails import measure_mails
from tests.bench.mails_report import mails_document, notices_document
from tests.bench.notices import measure_notices
from tests.bench.plan import QUICK, Bench, Plan, Side
from tests.bench.preview import measure_preview, preview_document
from tests.bench.propagation import measure_propagation, propagation_document
from tests.bench.report import frame, logins_document, table
from tests.bench.session_report import session_document
from tests.bench.sessions import measure_sessions
from tests.bench.side_process import BareService
from tests.bench.stand_in import Provider, listen, serve
from tests.bench.targets import FloorTarget, SystemTarget

SERVICES = ("auth", "otp", "notifier")


def _say(text: str) -> None:
    print(text, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: does it run, roughly what comes out")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--kafka", default="apache", metavar="apache|embedded|HOST:PORT")
    parser.add_argument("--port-base", type=int, default=61_000, metavar="N", help=f"1 to {HIGHEST_BASE}")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "bench.json", metavar="PATH")
    return parser.parse_args()


@dataclass(frozen=True)
class Ground:
    """What all parts stand on."""

    system: LocalSystem
    provider: Provider
    provider_url: str
    http: ClientSession
    ledger: Ledger
    plan: Plan

    def target(self, accounts: Cohort) -> SystemTarget:
        return SystemTarget(self.system.services["auth"].url, self.http, self.ledger, accounts)


async def _logins(on: Ground) -> dict[str, Any]:
    async with floor(on.system, on.provider_url) as bare:
        pids = {name: on.system.services[name].pid or 0 for name in SERVICES}
        mine = Side(on.target(CHEAP), pids, on.target(DEFAULT))
        other = Side(FloorTarget(bare.pipe, on.ledger, FLOOR), bare.pids)
        return logins_document(await Bench(on.ledger, on.plan, {"system": mine, "floor": other}, _say).run())


async def _requests(on: Ground) -> dict[str, Any]:
    with BareService(on.system) as bare:
        sessions = await measure_sessions(on.system, bare, on.http, on.ledger, on.plan, _say)
        codes = await measure_codes(on.system, bare, on.http, on.ledger, on.plan, _say)
    with grown(on.system, on.plan, _say) as auths:
        growth = await measure_growth(auths, on.http, on.plan, _say)
    samples = sessions | codes.verifies | growth
    return {"sessions": session_document(samples), "codes": codes_document(codes.memory, codes.pushes)}


async def _mails(on: Ground) -> dict[str, Any]:
    samples = await measure_mails(on.system, on.provider, on.provider_url, on.ledger, on.plan, _say)
    return {"mails": mails_document(samples)}


async def _notices(on: Ground) -> dict[str, Any]:
    samples = await measure_notices(on.system, on.provider, on.target(CHEAP), on.ledger, on.plan, _say)
    return {"notices": notices_document(samples)}


async def _hanging(on: Ground) -> dict[str, Any]:
    return {"hanging": hanging_document(
        await measure_hanging(on.system, on.provider, on.target(CHEAP), on.ledger, on.plan, _say)
    )}  # fmt: skip


async def _propagation(on: Ground) -> dict[str, Any]:
    return {"propagation": propagation_document(await measure_propagation(on.system, on.http, on.plan, _say))}


async def _preview(on: Ground) -> dict[str, Any]:
    return {"previews": preview_document(await measure_preview(on.system, on.http, on.plan, _say))}


PARTS = {
    "logins": _logins,
    "requests": _requests,
    "mails": _mails,
    "notices": _notices,
    "hanging": _hanging,
    "propagation": _propagation,
    "preview": _preview,
}


async def measure(system: LocalSystem, listening: socket.socket, plan: Plan, parts: Sequence[str]) -> dict[str, Any]:
    """What the parts found, by the names that `tests/bench/report.py` gives them."""
    ledger = Ledger()
    provider = Provider(ledger.mail)
    server = await serve(listening, provider)
    connector = TCPConnector(limit=0, keepalive_timeout=60)
    found: dict[str, Any] = {}
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http:
        ground = Ground(system, provider, _url(listening), http, ledger, plan)
        for part in parts:
            found |= await PARTS[part](ground)
    server.close()
    return found | {"unexpected": ledger.unexpected}


def _url(provider: socket.socket) -> str:
    return f"http://{LOOPBACK}:{provider.getsockname()[1]}"


def main() -> None:
    chosen = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # KeyboardInterrupt: the system is stopped on the way out
    provider = listen()
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}
    service_env = {"notifier": {"GATEPOST_SENDGRID_URL": _url(provider)}, "auth": AUTH_ENV}
    system = LocalSystem(chosen.kafka, chosen.port_base, env=env, service_env=service_env, tell=_say)
    system.postgres.databases += DATABASES
    with system, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _say("importing accounts")
        for cohort in (CHEAP, DEFAULT, SETTLED, EQUIPPED):
            cohort.import_into(system, system.services["auth"].environment())
        kafka = "Apache Kafka" if chosen.kafka == "apache" else f"Kafka {chosen.kafka}"
        plan = QUICK if chosen.quick else Plan()
        bench = frame(plan, kafka) | runner.run(measure(system, provider, plan, chosen.only))
    chosen.json.write_text(json.dumps(bench, indent=2) + "\n")
    _say(table(bench))
    _say(f"All of it: {chosen.json}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("stopped") from None
