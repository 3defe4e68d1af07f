"""From a PUT to every instance of auth and back: of two processes, one is paused, cut off, stopped and killed."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.ports import LOOPBACK
from deploy.local.postgres import Postgres
from deploy.local.service_process import ServiceProcess
from shared.postgres import migrate
from tests.conftest import empty_database
from tests.fresh_kafka import fresh_kafka
from tests.integration.auth.auth_process import auth_process
from tests.integration.auth.conftest import MIGRATIONS
from tests.integration.rollout.instance import Rollout, bearer, rollout_on
from tests.integration.rollout.two_doors import two_doors
from tests.tcp_proxy import TcpProxy
from tests.wait_until import wait_until

HEARTBEAT_S = 0.5
WAIT_S = 30


@pytest.fixture(scope="module")
async def doors(kafka_kind: str, server_directory: Path) -> AsyncIterator[tuple[str, TcpProxy | None]]:
    """A Kafka on which nobody is but us, and the proxy in front of its second door, where it has one."""
    directory = server_directory / "kafka-of-propagation"
    if kafka_kind == "apache":
        async with two_doors(directory) as (bootstrap, proxy):
            yield bootstrap, proxy
    else:
        async with fresh_kafka(kafka_kind, directory) as bootstrap:
            yield bootstrap, None


@pytest.fixture(scope="module")
async def rollout(
    postgres_url: str, doors: tuple[str, TcpProxy | None], server_directory: Path
) -> AsyncIterator[Rollout]:
    async with rollout_on(postgres_url, doors[0], server_directory / "logs") as instance:
        yield instance


@dataclass(frozen=True)
class Pair:
    """Two instances of auth. Where Kafka has two doors, the second came in by the second."""

    first: ServiceProcess
    second: ServiceProcess


@pytest.fixture(scope="module")
async def accounts(postgres: Postgres) -> AsyncIterator[str]:
    async with empty_database(postgres, "propagation-auth") as url:
        await asyncio.to_thread(migrate, MIGRATIONS, url)
        yield url


@pytest.fixture(scope="module")
async def processes(doors: tuple[str, TcpProxy | None], accounts: str, server_directory: Path) -> AsyncIterator[Pair]:
    bootstrap, proxy = doors
    logs = server_directory / "logs"
    made = []
    for number, kafka in enumerate((bootstrap, f"{LOOPBACK}:{proxy.port}" if proxy else bootstrap)):
        snapshot = server_directory / "propagation" / f"{number}.json"
        made.append(
            auth_process(kafka, accounts, logs / f"propagation-{number}", snapshot, HEARTBEAT_S=str(HEARTBEAT_S))
        )
    yield Pair(*made)
    for process in made:
        await asyncio.to_thread(process.close)


@pytest.fixture
def pair(processes: Pair) -> Pair:
    """Both run, whatever the test before did to them."""
    for process in (processes.first, processes.second):
        process.start(wait=False)
    return processes


async def propagation(rollout: Rollout, name: str, wait_s: int = 0) -> Any:
    answer = await rollout.call("GET", f"/v1/regions/{name}/propagation?wait_s={wait_s}", **bearer("viewer"))
    assert answer.status == 200, answer
    return answer.json


async def metrics(rollout: Rollout) -> str:
    return (await rollout.call("GET", "/metrics")).text


async def seen(rollout: Rollout, name: str, process: ServiceProcess) -> Any:
    """What is told of this one; None: nothing."""
    instances = (await propagation(rollout, name))["instances"]
    return next((each for each in instances if each["name"].endswith(f":{process.port}")), None)


async def both_have_it(rollout: Rollout, name: str, pair: Pair) -> None:
    """Version 1 of a new region."""
    await rollout.create(name)
    await wait_until(lambda: stands(rollout, name, pair.first, "current"), WAIT_S)
    await wait_until(lambda: stands(rollout, name, pair.second, "current"), WAIT_S)


async def stands(rollout: Rollout, name: str, process: ServiceProcess, standing: str, state: str = "live") -> bool:
    found = await seen(rollout, name, process)
    return found is not None and (found["standing"], found["state"]) == (standing, state)


async def test_a_change_is_everywhere_once_both_have_reported_it(rollout: Rollout, pair: Pair, name: str) -> None:
    await both_have_it(rollout, name, pair)
    for version in (2, 3, 4):
        await rollout.change(name, version - 1)
        found = await propagation(rollout, name, WAIT_S)
        assert (found["region"], found["version"], found["everywhere"]) == (name, version, True)
        latencies = [each["latency_ms"] for each in found["instances"]]
        assert len(latencies) == 2
        assert found["slowest_ms"] == max(latencies) < WAIT_S * 1000
        assert {(each["version"], each["state"]) for each in found["instances"]} == {(version, "live")}
        assert len({UUID(each["instance"]) for each in found["instances"]}) == 2


async def test_an_instance_that_hangs_is_behind_then_silent_and_nothing_is_everywhere(
    rollout: Rollout, pair: Pair, name: str
) -> None:
    await both_have_it(rollout, name, pair)
    pair.second.pause()
    try:
        await rollout.change(name, 1)
        await wait_until(lambda: stands(rollout, name, pair.first, "current"))
        await wait_until(lambda: stands(rollout, name, pair.second, "behind", "silent"))
        assert not (await propagation(rollout, name, wait_s=1))["everywhere"]
    finally:
        pair.second.resume()
    assert (await propagation(rollout, name, WAIT_S))["everywhere"]


async def test_an_instance_that_is_cut_off_is_behind_until_it_is_back(
    rollout: Rollout, pair: Pair, name: str, doors: tuple[str, TcpProxy | None]
) -> None:
    proxy = doors[1]
    if proxy is None:
        pytest.skip("the embedded broker has one address, which all clients share")
    await both_have_it(rollout, name, pair)
    proxy.hold()
    try:
        await rollout.change(name, 1)
        await wait_until(lambda: stands(rollout, name, pair.first, "current"))
        await wait_until(lambda: stands(rollout, name, pair.second, "behind", "silent"))
        assert not (await propagation(rollout, name, wait_s=1))["everywhere"]
    finally:
        proxy.release()
    await wait_until(lambda: stands(rollout, name, pair.second, "current"), WAIT_S)
    found = await propagation(rollout, name, WAIT_S)
    assert found["everywhere"]
    assert found["slowest_ms"] > 3 * HEARTBEAT_S * 1000  # it was at least as long behind as it was silent


async def test_an_instance_that_is_stopped_goes(rollout: Rollout, pair: Pair, name: str) -> None:
    await both_have_it(rollout, name, pair)
    await asyncio.to_thread(pair.second.stop)

    assert await seen(rollout, name, pair.second) is None
    await rollout.change(name, 1)
    found = await propagation(rollout, name, WAIT_S)
    assert (found["everywhere"], len(found["instances"])) == (True, 1)


async def test_an_instance_that_was_killed_stands_in_the_way_until_it_is_forgotten(
    rollout: Rollout, pair: Pair, name: str
) -> None:
    await both_have_it(rollout, name, pair)
    live = (await seen(rollout, name, pair.second))["instance"]
    answer = await rollout.call("DELETE", f"/v1/instances/{live}")
    assert (answer.status, answer.problem) == (409, "instance-live")

    pair.second.kill()
    await wait_until(lambda: stands(rollout, name, pair.second, "current", "silent"))
    assert not (await propagation(rollout, name))["everywhere"]
    counted = re.findall(r'^gatepost_policy_instances{.*state="silent".*} 1', await metrics(rollout), re.MULTILINE)
    assert len(counted) == 1
    await asyncio.to_thread(rollout.process.restart)  # knows it all the same
    await wait_until(lambda: stands(rollout, name, pair.second, "current", "silent"), WAIT_S)

    answer = await rollout.call("DELETE", f"/v1/instances/{live}", **bearer("admin"))
    assert (answer.status, answer.text) == (204, "")
    assert await seen(rollout, name, pair.second) is None
    await asyncio.to_thread(rollout.process.restart)  # knows that too
    await wait_until(lambda: stands(rollout, name, pair.first, "current"), WAIT_S)
    found = await propagation(rollout, name, WAIT_S)
    assert (found["everywhere"], len(found["instances"])) == (True, 1)


async def test_an_instance_that_starts_later_has_the_version_without_a_latency(
    rollout: Rollout, pair: Pair, name: str
) -> None:
    await both_have_it(rollout, name, pair)
    await asyncio.to_thread(pair.second.stop)
    pair.second.start(wait=False)
    await wait_until(lambda: stands(rollout, name, pair.second, "current"), WAIT_S)

    assert (await seen(rollout, name, pair.second))["latency_ms"] is None
    assert (await propagation(rollout, name, WAIT_S))["everywhere"]


async def test_a_stopping_rollout_does_not_hold_who_waits(rollout: Rollout, pair: Pair, name: str) -> None:
    await both_have_it(rollout, name, pair)
    pair.second.pause()
    try:
        await rollout.change(name, 1)
        waiting = asyncio.create_task(propagation(rollout, name, WAIT_S))
        await wait_until(lambda: stands(rollout, name, pair.second, "behind", "silent"))
        await asyncio.to_thread(rollout.process.stop)
        assert not (await waiting)["everywhere"]
    finally:
        pair.second.resume()
        await asyncio.to_thread(rollout.process.start)


async def test_what_is_asked_of_nobody_known_is_refused(rollout: Rollout, name: str) -> None:
    path = f"/v1/regions/{name}/propagation"
    answer = await rollout.call("GET", path)
    assert (answer.status, answer.problem) == (404, "unknown-region")
    answer = await rollout.call("DELETE", f"/v1/instances/{uuid4()}")
    assert (answer.status, answer.problem) == (404, "unknown-instance")
    for wait_s in ("-1", "31", "1.5", "x"):
        answer = await rollout.call("GET", f"{path}?wait_s={wait_s}")
        assert (answer.status, answer.problem) == (422, "invalid-request")


@pytest.mark.parametrize("role", ["viewer", "approver"])
async def test_who_may_only_look_may_not_forget(rollout: Rollout, role: str) -> None:
    answer = await rollout.call("DELETE", f"/v1/instances/{uuid4()}", **bearer(role))
    assert (answer.status, answer.problem) == (403, "wrong-role")
