"""Scripts that wait for replicas, on a pair of servers alone and under three Sentinels."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from deploy.local.valkey import Valkey
from shared.redis import redis_client
from shared.redis_fit import RedisFit
from shared.redis_script import Scripts
from shared.unavailable import DependencyUnavailable
from tests.contracts.conftest import Connect
from tests.counting_script import COUNT, count, counted_within
from tests.redis_servers import (
    Watched,
    ask,
    follow,
    valkey_at,
    watched_pair,
)
from tests.wait_until import wait_until


@pytest.fixture
async def pair(server_directory: Path) -> AsyncIterator[tuple[Valkey, Valkey]]:
    directory = server_directory / f"pair-{uuid4()}"
    async with valkey_at(directory / "a") as primary, valkey_at(directory / "b") as replica:
        await follow(replica, primary.port or 0)
        yield primary, replica


Pair = tuple[Valkey, Valkey]


async def test_an_answer_that_no_replica_holds_is_withheld(pair: Pair, connect: Connect) -> None:
    primary, replica = pair
    client = connect(primary.url)
    sure = Scripts(client, 1).script(COUNT)
    assert await count(sure, "k") == 1
    replica.pause()
    assert await counted_within(sure, "k") is None
    unsure = Scripts(client).script(COUNT)
    assert await counted_within(unsure, "k") == 3  # without the wait it is given: nothing else is wrong
    replica.resume()

    assert await count(sure, "k") == 4  # counted, told or not
    assert await counted_within(Scripts(client, 2).script(COUNT), "k") is None  # as many as were asked for


async def test_after_a_restart_the_script_is_sent_again_and_runs_once(pair: Pair, connect: Connect) -> None:
    primary, replica = pair
    client = connect(primary.url)
    sure = Scripts(client, 1).script(COUNT)
    await count(sure, "k")
    await asyncio.to_thread(primary.restart)
    await follow(replica, primary.port or 0)
    with suppress(DependencyUnavailable):
        await RedisFit(client)()  # the first that finds a dead connection takes the others along

    assert await count(sure, "k") == 2
    await ask(primary, "SCRIPT", "FLUSH")
    assert await count(Scripts(client).script(COUNT), "k") == 3


async def test_a_primary_that_became_a_replica_answers_nothing(pair: Pair, connect: Connect) -> None:
    primary, replica = pair
    client = connect(primary.url)
    read = "return {ARGV[1], redis.call('EXISTS', KEYS[1])}"
    await count(Scripts(client, 1).script(read), "k")
    await ask(replica, "REPLICAOF", "NO", "ONE")
    await follow(primary, replica.port or 0)

    with pytest.raises(DependencyUnavailable):
        await count(Scripts(client, 1).script(COUNT), "k")
    with pytest.raises(DependencyUnavailable):
        await count(Scripts(client, 1).script(read), "k")


async def test_an_error_of_the_script_is_an_outage_of_redis(pair: Pair, connect: Connect) -> None:
    client = connect(pair[0].url)
    with pytest.raises(DependencyUnavailable) as caught, capture_logs() as logs:
        await count(Scripts(client, 1).script("return redis.call('INCRBY', KEYS[1], 'x')"), "k")
    assert isinstance(caught.value.__cause__, ResponseError)
    (told,) = [line for line in logs if line["event"] == "redis_refused"]
    assert "value is not an integer" in told["reason"]


@pytest.fixture(scope="module")
async def watched(server_directory: Path) -> AsyncIterator[Watched]:
    async with watched_pair(server_directory / "sentinels") as made:
        yield made


async def test_sentinels_lead_to_the_primary_and_after_its_death_to_the_new_one(
    watched: Watched, connect: Connect
) -> None:
    client = connect(watched.url)
    sure, script, key = Scripts(client, 1).script(COUNT), Scripts(client).script(COUNT), "failover"
    assert [await count(sure, key) for _ in range(3)] == [1, 2, 3]
    watched.primary.kill()
    answers: list[int | None] = []

    async def answered() -> bool:
        answers.append(await counted_within(script, key))
        return answers[-1] is not None

    assert not await answered()
    await wait_until(answered, within_s=30)
    assert answers[-1] == 4  # what was told has been kept
    assert await counted_within(sure, key) is None  # nobody would keep this one
    assert await RedisFit(client)()

    await asyncio.to_thread(watched.primary.start)
    await follow(watched.primary, watched.replica.port or 0)  # as the Sentinels will tell it, some seconds later

    async def sure_again() -> bool:
        return await counted_within(sure, key) is not None

    await wait_until(sure_again, within_s=30)


async def test_a_client_that_is_closed_leaves_no_connection_to_the_sentinels(watched: Watched) -> None:
    client = redis_client(watched.url)
    assert await RedisFit(client)()
    assert await clients_of(watched) == 1
    await client.aclose()

    async def gone() -> bool:
        return await clients_of(watched) == 0

    await wait_until(gone)


async def clients_of(watched: Watched) -> int:
    """How many clients of ours the Sentinels have, beside the one that asks each."""
    lists = [str(await ask(sentinel, "CLIENT", "LIST")) for sentinel in watched.sentinels]
    return sum(found.count("lib-name=redis-py") - 1 for found in lists)


async def test_a_url_for_an_unknown_primary_is_an_outage(watched: Watched, connect: Connect) -> None:
    client = connect(watched.url.rpartition("/")[0] + "/another")
    with pytest.raises(DependencyUnavailable):
        await RedisFit(client)()
