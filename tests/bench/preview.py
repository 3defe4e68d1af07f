"""How soon a preview of a large region is answered, and how long its accounts take to be counted."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
from aiohttp import ClientSession
from aiokafka import AIOKafkaProducer

from deploy.local.system import LocalSystem
from services.auth.adapters.postgres_population import PostgresPopulation
from services.auth.use_cases.count_population import FIRST, PAGE
from services.rollout.domain.accuracy import Note
from services.rollout.domain.logins import BY_REGION, hour_of
from shared.cloudevents import body_of, headers_of
from shared.events import AccountSuppressed
from shared.postgres import postgres_engine
from tests.bench.accounts import Cohort
from tests.bench.cpu import MachineMeter
from tests.bench.plan import Plan
from tests.bench.side_process import BareService

REGION: Final = "bench-preview"
STEPS: Final = [100, 500, 1_000, 2_500, 5_000, 10_000]
SUPPRESSED: Final = 10_000
WAIT_S: Final = 60
WARM_UP: Final = 50
_HOURS: Final = "INSERT INTO login_hours (region, hour, outcome, reason, logins) VALUES ($1, $2, 'allowed', $3, $4)"


@dataclass
class Previews:
    """In ms. `counted`: all pages of one count, without the rests between them; `bare`: a route that does nothing, on
    the same server. `others`: cores that strangers took."""

    accounts: int
    counted: list[float] = field(default_factory=list)
    pages: int = 0
    preview: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    others: float = 0.0


async def measure_preview(
    system: LocalSystem, http: ClientSession, plan: Plan, tell: Callable[[str], None]
) -> Previews:
    tell(f"importing {plan.many_accounts} accounts into {REGION}")
    auth, found = system.services["auth"].environment(), Previews(plan.many_accounts)
    cohort = Cohort(10_000_000, plan.many_accounts, region=REGION)
    await asyncio.to_thread(cohort.import_into, system, auth)
    for _ in range(plan.rounds):
        await _count(system.postgres.url("auth"), found)
    await _log_in_for_a_month(system.postgres.url("rollout"))
    await _suppress(system.kafka.bootstrap)
    tell(f"{plan.previews} previews")
    with BareService(system) as bare:
        rollout = _Rollout(system, http)
        await rollout.create()
        await rollout.until_counted()
        for _ in range(WARM_UP):
            await _timed(rollout.preview())
            await _timed(_bare(bare.url, http))
        machine = MachineMeter()
        for _ in range(plan.previews):
            found.preview.append(await _timed(rollout.preview()))
            found.bare.append(await _timed(_bare(bare.url, http)))
        found.others = machine.cores()[1]
    return found


async def _count(url: str, found: Previews) -> None:
    engine = postgres_engine(url, pool_size=1, autocommit=True)
    async with engine.connect() as connection:
        counting, after, found.pages, begun = PostgresPopulation(connection), FIRST, 0, time.monotonic()
        while (page := await counting.page(REGION, "salt-of-the-bench", after, PAGE)).last is not None:
            after, found.pages = page.last, found.pages + 1
        found.counted.append((time.monotonic() - begun) * 1000)
    await engine.dispose()


async def _log_in_for_a_month(url: str) -> None:
    """As if: all hours, and all reasons that a region has."""
    first, connection = hour_of(datetime.now(UTC)) - timedelta(days=29), await asyncpg.connect(url)
    rows = [(REGION, first + timedelta(hours=n), reason, 1_000 + n) for n in range(29 * 24) for reason in BY_REGION]
    await connection.executemany(_HOURS, rows)
    await connection.close()


async def _suppress(kafka: str) -> None:
    producer, now = AIOKafkaProducer(bootstrap_servers=kafka, linger_ms=5), datetime.now(UTC)
    await producer.start()
    for _ in range(SUPPRESSED):
        event = AccountSuppressed(account_id=uuid4(), region=REGION, until=now + timedelta(days=30), at=now)
        headers = [(name, text.encode()) for name, text in headers_of(event, now).items()]
        await producer.send(event.topic, body_of(event), key=event.key.encode(), headers=headers)
    await producer.stop()


class _Rollout:
    def __init__(self, system: LocalSystem, http: ClientSession) -> None:
        self._url = system.services["rollout"].url
        self._http = http
        self._headers = {"Authorization": f"Bearer {system.keys.operators['release_manager']}"}

    async def create(self) -> None:
        headers = {**self._headers, "If-None-Match": "*"}
        body = {"mode": "off", "reason": "previews of the bench"}
        async with self._http.put(f"{self._url}/v1/regions/{REGION}", json=body, headers=headers) as response:
            if response.status != 201:
                raise RuntimeError(f"rollout made no region: {response.status} {await response.text()}")

    async def until_counted(self) -> None:
        async with asyncio.timeout(WAIT_S):
            while True:
                found = await self.preview()
                counted = found["population"]
                if counted and counted["suppressed"] == SUPPRESSED and Note.BY_RAMP.value in found["accuracy"]:
                    return
                await asyncio.sleep(0.1)

    async def preview(self) -> Any:
        body = {"region": REGION, "steps": STEPS}
        async with self._http.post(f"{self._url}/v1/previews", json=body, headers=self._headers) as response:
            if response.status != 200:
                raise RuntimeError(f"no preview: {response.status} {await response.text()}")
            return await response.json()


async def _bare(url: str, http: ClientSession) -> None:
    async with http.get(f"{url}/bare") as response:
        await response.read()


async def _timed(work: Any) -> float:
    begun = time.monotonic()
    await work
    return (time.monotonic() - begun) * 1000


def preview_document(found: Previews) -> dict[str, Any]:
    return {
        "accounts": found.accounts,
        "suppressed": SUPPRESSED,
        "pages": found.pages,
        "counted_ms": [round(each, 1) for each in found.counted],
        "preview": _percentiles(found.preview),
        "bare": _percentiles(found.bare),
        "others_cores": round(found.others, 3),
    }


def _percentiles(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    at = {percent: ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] for percent in (50, 99)}
    return {**{f"p{percent}_ms": round(ms, 2) for percent, ms in at.items()}, "most_ms": round(ordered[-1], 2)}


def preview_rows(bench: Mapping[str, Any]) -> Iterator[str]:
    found = bench["previews"]
    yield ""
    yield (
        f"preview of {found['accounts']:,} accounts at {len(STEPS)} steps, {found['suppressed']:,} suppressed,"
        " 30 days of logins | a bare route:"
    )
    for percent in ("p50", "p99", "most"):
        mine, bare = (found[side][f"{percent}_ms"] for side in ("preview", "bare"))
        yield f"  {percent}: {mine:.2f} ms | {bare:.2f} ms ({mine / bare:.1f} times)"
    counted = ", ".join(f"{each:.0f}" for each in found["counted_ms"])
    yield f"  counting them: {found['pages']} pages, {counted} ms in all; auth rests as long between pages."
    yield f"  Other work on this machine took {found['others_cores']:.2f} cores."
