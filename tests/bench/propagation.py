"""How soon a change of a region holds on every instance of auth: one change after the other, on an idle system."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import ClientSession

from deploy.local.system import LocalSystem
from tests.bench.cpu import MachineMeter
from tests.bench.plan import Plan
from tests.bench.side_process import AnotherAuth

INSTANCES: Final = 4
REGION: Final = "bench-propagation"
POLICY: Final = {"mode": "off", "reason": "one change more of the bench"}
WAIT_S: Final = 30
WARM_UP: Final = 20


@dataclass(frozen=True)
class Arrivals:
    """In ms, sorted. `applied`: from `changed_at`, which is just before the commit, until the last instance had it;
    `told`: from the answer to the PUT until rollout says that it is everywhere. `others`: cores that strangers took."""

    applied: list[float]
    told: list[float]
    others: float


async def measure_propagation(
    system: LocalSystem, http: ClientSession, plan: Plan, tell: Callable[[str], None]
) -> Arrivals:
    tell(f"{plan.changes} changes to {INSTANCES} instances of auth")
    rollout = _Rollout(system, http)
    with ExitStack() as running:
        for number in range(1, INSTANCES):
            snapshot = system.directory / "auth" / f"propagation-{number}.json"
            auth = AnotherAuth(system, f"auth-{number}", {"GATEPOST_POLICY_SNAPSHOT": str(snapshot)})
            await asyncio.to_thread(running.enter_context, auth)
        await rollout.create()
        for _ in range(WARM_UP):
            await rollout.change()
        machine = MachineMeter()
        taken = [await rollout.change() for _ in range(plan.changes)]
        others = machine.cores()[1]
    return Arrivals(sorted(applied for applied, _ in taken), sorted(told for _, told in taken), others)


class _Rollout:
    def __init__(self, system: LocalSystem, http: ClientSession) -> None:
        self._region = f"{system.services['rollout'].url}/v1/regions/{REGION}"
        self._http = http
        self._headers = {"Authorization": f"Bearer {system.keys.operators['release_manager']}"}
        self._version = 1

    async def create(self) -> None:
        await self._put({"If-None-Match": "*"}, 201)
        async with asyncio.timeout(WAIT_S):
            while len((await self._everywhere())["instances"]) < INSTANCES:
                await asyncio.sleep(0.05)

    async def change(self) -> tuple[float, float]:
        await self._put({"If-Match": f'"{self._version}"'}, 200)
        answered = time.monotonic()
        self._version += 1
        found = await self._everywhere()
        return found["slowest_ms"], (time.monotonic() - answered) * 1000

    async def _put(self, precondition: Mapping[str, str], status: int) -> None:
        async with self._http.put(self._region, json=POLICY, headers={**self._headers, **precondition}) as response:
            if response.status != status:
                raise RuntimeError(f"rollout refused a change: {response.status} {await response.text()}")

    async def _everywhere(self) -> Any:
        url = f"{self._region}/propagation?wait_s={WAIT_S}"
        async with self._http.get(url, headers=self._headers) as response:
            found = await response.json()
        if not found["everywhere"] or found["version"] != self._version:
            raise RuntimeError(f"not everywhere within {WAIT_S} s: {found}")
        return found


def propagation_document(found: Arrivals) -> dict[str, Any]:
    return {
        "instances": INSTANCES,
        "changes": len(found.applied),
        "applied": _percentiles(found.applied),
        "told": _percentiles(found.told),
        "others_cores": round(found.others, 3),
    }


def _percentiles(sorted_ms: list[float]) -> dict[str, float]:
    at = {percent: sorted_ms[min(len(sorted_ms) - 1, len(sorted_ms) * percent // 100)] for percent in (50, 99)}
    return {**{f"p{percent}_ms": round(ms, 1) for percent, ms in at.items()}, "most_ms": round(sorted_ms[-1], 1)}


def propagation_rows(bench: Mapping[str, Any]) -> Iterator[str]:
    found = bench["propagation"]
    yield ""
    yield f"change → applied by the last of {found['instances']} instances of auth, {found['changes']} changes:"
    for name, what in (("applied", "from just before the commit"), ("told", "from the answer until rollout says so")):
        each = found[name]
        yield f"  {what}: p50 {each['p50_ms']:.1f} ms, p99 {each['p99_ms']:.1f} ms, at most {each['most_ms']:.1f} ms"
    yield f"  Other work on this machine took {found['others_cores']:.2f} cores."
