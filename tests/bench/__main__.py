"""`python -m tests.bench` (`make bench`): Gatepost beside its floor in about eight minutes; `--quick`: one."""

import argparse
import asyncio
import json
import signal
import socket
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from deploy.local.lifeline import REPOSITORY
from deploy.local.ports import HIGHEST_BASE, LOOPBACK
from deploy.local.system import LocalSystem
from tests.bench.accounts import AUTH_ENV, CHEAP, DEFAULT, EQUIPPED, FLOOR, SETTLED
from tests.bench.codes import measure_codes
from tests.bench.codes_report import codes_document
from tests.bench.floor import floor
from tests.bench.growth import DATABASES, grown, measure_growth
from tests.bench.ledger import Ledger
from tests.bench.plan import QUICK, Bench, Figures, Plan, Side
from tests.bench.report import document, table
from tests.bench.sessions import measure_sessions
from tests.bench.side_process import BareService
from tests.bench.stand_in import listen, serve
from tests.bench.targets import FloorTarget, SystemTarget

SERVICES = ("auth", "otp", "notifier")


def _say(text: str) -> None:
    print(text, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: does it run, roughly what comes out")
    parser.add_argument("--kafka", default="apache", metavar="apache|embedded|HOST:PORT")
    parser.add_argument("--port-base", type=int, default=61_000, metavar="N", help=f"1 to {HIGHEST_BASE}")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "bench.json", metavar="PATH")
    return parser.parse_args()


async def measure(system: LocalSystem, provider: socket.socket, plan: Plan, kafka: str) -> dict[str, Any]:
    """The document of `tests/bench/report.py`."""
    ledger = Ledger()
    server = await serve(provider, ledger.mail)
    connector = TCPConnector(limit=0, keepalive_timeout=60)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http:
        figures = await _to_the_provider(system, _url(provider), http, ledger, plan)
        with BareService(system) as bare:
            sessions = await measure_sessions(system, bare, http, ledger, plan, _say)
            codes = await measure_codes(system, bare, http, ledger, plan, _say)
        with grown(system, plan, _say) as auths:
            growth = await measure_growth(auths, http, plan, _say)
    server.close()
    samples = sessions | codes.verifies | growth
    bench = document(figures, samples, plan, kafka, ledger.unexpected)
    return bench | {"codes": codes_document(codes.memory, codes.pushes)}


async def _to_the_provider(
    system: LocalSystem, provider_url: str, http: ClientSession, ledger: Ledger, plan: Plan
) -> dict[str, Figures]:
    async with floor(system, provider_url) as bare:
        auth = system.services["auth"].url
        mine = Side(
            SystemTarget(auth, http, ledger, CHEAP),
            {name: system.services[name].pid or 0 for name in SERVICES},
            SystemTarget(auth, http, ledger, DEFAULT),
        )
        other = Side(FloorTarget(bare.pipe, ledger, FLOOR), bare.pids)
        return await Bench(ledger, plan, {"system": mine, "floor": other}, _say).run()


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
        bench = runner.run(measure(system, provider, QUICK if chosen.quick else Plan(), kafka))
    chosen.json.write_text(json.dumps(bench, indent=2) + "\n")
    _say(table(bench))
    _say(f"All of it: {chosen.json}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("stopped") from None
