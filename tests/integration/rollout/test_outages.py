"""PostgreSQL and Kafka away: what is said meanwhile, and that all recovers by itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from deploy.local.embedded_kafka import EmbeddedKafka
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from tests.integration.rollout.instance import Rollout, Topic, reading, rollout_on
from tests.wait_until import wait_until


@pytest.fixture(scope="module")
def own_postgres(server_directory: Path) -> Iterator[Postgres]:
    """One that may be stopped."""
    directory = server_directory / "rollout-outages"
    with Postgres(directory, free_port(), directory / "logs", databases=("rollout",)) as server:
        yield server


@pytest.fixture(scope="module")
def own_kafka(server_directory: Path) -> Iterator[EmbeddedKafka]:
    """One that may be stopped and paused; it keeps what it holds."""
    with EmbeddedKafka(server_directory / "rollout-outages" / "logs") as broker:
        yield broker


@pytest.fixture(scope="module")
async def rollout(own_postgres: Postgres, own_kafka: EmbeddedKafka, server_directory: Path) -> AsyncIterator[Rollout]:
    async with rollout_on(own_postgres.url("rollout"), own_kafka.bootstrap, server_directory / "logs") as instance:
        yield instance


@pytest.fixture(scope="module")
async def topic(own_kafka: EmbeddedKafka) -> AsyncIterator[Topic]:
    async with reading(own_kafka.bootstrap) as landed:
        yield landed


async def test_without_postgres_calls_get_503_and_all_recovers(
    rollout: Rollout, topic: Topic, name: str, own_postgres: Postgres
) -> None:
    await rollout.create(name)
    await wait_until(lambda: topic.versions(name) == [1])
    await asyncio.to_thread(own_postgres.stop)
    try:
        for answer in (
            await rollout.change(name, 1),
            await rollout.create(name + "x"),
            await rollout.call("GET", "/v1/regions"),
            await rollout.call("GET", f"/v1/regions/{name}"),
            await rollout.call("GET", "/v1/schedule"),
        ):
            assert (answer.status, answer.problem) == (503, "temporarily-unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        await wait_until(rollout.not_ready)
        assert (await rollout.call("GET", "/readyz?exclude=postgres")).status == 200
        assert (await rollout.call("GET", "/livez")).status == 200
    finally:
        await asyncio.to_thread(own_postgres.start)
    await wait_until(rollout.ready)
    assert (await rollout.change(name, 1)).status == 200
    await wait_until(lambda: topic.versions(name)[-1] == 2)


async def test_a_notification_wakes_the_relay_also_after_an_outage(
    rollout: Rollout, topic: Topic, name: str, own_postgres: Postgres
) -> None:
    async def created() -> bool:  # the first call finds a connection of before the restart: 503, try again
        return (await rollout.create(name)).status == 201

    await asyncio.to_thread(own_postgres.restart)
    await wait_until(created)
    await wait_until(lambda: topic.versions(name) != [])
    told = len(topic.versions(name))
    await rollout.change(name, 1)
    await wait_until(lambda: topic.versions(name)[told:] == [2], within_s=2)  # a look comes after 5 s


async def test_while_postgres_hangs_nothing_else_does(rollout: Rollout, name: str, own_postgres: Postgres) -> None:
    own_postgres.pause()
    try:
        answer = await rollout.create(name)
        assert (answer.status, answer.problem) == (503, "temporarily-unavailable")
        await wait_until(rollout.not_ready)
    finally:
        own_postgres.resume()
    await wait_until(rollout.ready)


@pytest.mark.parametrize(("lose", "regain"), [("stop", "start"), ("pause", "resume")])
async def test_without_kafka_changes_are_accepted_wait_and_land_in_order(
    rollout: Rollout, topic: Topic, name: str, own_kafka: EmbeddedKafka, lose: str, regain: str
) -> None:
    await rollout.create(name)
    await wait_until(lambda: topic.versions(name) != [])
    await asyncio.to_thread(getattr(own_kafka, lose))
    try:
        for version in (1, 2, 3):
            assert (await rollout.change(name, version)).status == 200
        await wait_until(rollout.not_ready)
        assert (await rollout.call("GET", "/readyz?exclude=kafka")).status == 200
    finally:
        await asyncio.to_thread(getattr(own_kafka, regain))
    await wait_until(lambda: topic.versions(name)[-1] == 4)
    await wait_until(rollout.ready)
    assert topic.versions(name) == sorted(topic.versions(name))
    assert set(topic.versions(name)) == {1, 2, 3, 4}


async def test_an_instance_that_starts_with_nothing_there_is_ready_once_all_is(
    rollout: Rollout, topic: Topic, name: str, own_postgres: Postgres, own_kafka: EmbeddedKafka
) -> None:
    async def alive() -> bool:
        with suppress(aiohttp.ClientError):
            return (await rollout.call("GET", "/livez")).status == 200
        return False

    for part in (rollout.process, own_postgres, own_kafka):
        await asyncio.to_thread(part.stop)
    rollout.process.start(wait=False)
    try:
        await wait_until(alive, within_s=30)
        assert await rollout.not_ready()
        assert (await rollout.create(name)).status == 503
    finally:
        await asyncio.to_thread(own_postgres.start)
        await asyncio.to_thread(own_kafka.start)
    await wait_until(rollout.ready)
    assert (await rollout.create(name)).status == 201
    await wait_until(lambda: topic.versions(name) != [])
