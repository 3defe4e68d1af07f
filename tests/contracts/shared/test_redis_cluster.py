"""Scripts on a cluster of three nodes, each with a replica."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import RedisCluster

from deploy.local.ports import LOOPBACK
from deploy.local.valkey import Valkey
from shared.redis import RedisClient
from shared.redis_exchange import exchange_on
from shared.redis_fit import RedisFit
from shared.redis_script import Script, Scripts
from shared.unavailable import DependencyUnavailable
from tests.contracts.conftest import Connect
from tests.counting_script import COUNT, count, counted_within
from tests.redis_servers import (
    ValkeyCluster,
    ask,
    valkey_cluster,
)
from tests.wait_until import wait_until


@pytest.fixture(scope="module")
async def cluster(server_directory: Path) -> AsyncIterator[ValkeyCluster]:
    async with valkey_cluster(server_directory / "cluster", replicated=True) as made:
        yield made


@pytest.fixture
async def client(cluster: ValkeyCluster) -> AsyncIterator[RedisCluster]:
    made = cluster.client()
    yield made
    await made.aclose()


KEYS = [f"{{tag-{number}}}:count" for number in range(60)]


def script_on(client: RedisClient, source: str = COUNT, replicas: int = 0) -> Script:
    return Scripts(client, replicas).script(source)


REPLICAS = pytest.mark.parametrize("replicas", [0, 1])


def owner(client: RedisCluster, cluster: ValkeyCluster, key: str) -> Valkey:
    node = client.get_node_from_key(key)
    assert node is not None
    (server,) = [each for each in cluster.primaries if each.port == int(node.port)]
    return server


@REPLICAS
async def test_a_script_runs_where_its_keys_are(cluster: ValkeyCluster, client: RedisCluster, replicas: int) -> None:
    script, keys = script_on(client, COUNT + f" -- {uuid4()}", replicas), [f"{key}:{uuid4()}" for key in KEYS]
    before = [await ask(owner_of, "DBSIZE") for owner_of in cluster.primaries]
    first = await asyncio.gather(*(count(script, key) for key in keys))
    second = [await count(script, key) for key in keys]

    assert (set(first), set(second)) == ({1}, {2})
    after = [await ask(owner_of, "DBSIZE") for owner_of in cluster.primaries]
    assert all(later > earlier for earlier, later in zip(before, after, strict=True))  # each node has some


@REPLICAS
async def test_scripts_that_the_nodes_forgot_are_sent_again(
    cluster: ValkeyCluster, client: RedisCluster, replicas: int
) -> None:
    script, keys = script_on(client, replicas=replicas), [f"{key}:{uuid4()}" for key in KEYS]
    await asyncio.gather(*(count(script, key) for key in keys))
    for server in cluster.primaries:
        await ask(server, "SCRIPT", "FLUSH")

    assert set(await asyncio.gather(*(count(script, key) for key in keys))) == {2}


@REPLICAS
async def test_a_slot_that_moves_takes_its_count_along(
    cluster: ValkeyCluster, client: RedisCluster, replicas: int
) -> None:
    """While it is under way the answer is ASK, afterwards MOVED: either is followed, and nothing counted twice."""
    script, key = script_on(client, replicas=replicas), f"{{{uuid4()}}}:count"
    assert await count(script, key) == 1
    source, slot = owner(client, cluster, key), client.keyslot(key)
    (target, *_) = [each for each in cluster.primaries if each is not source]
    ids = {each: await ask(each, "CLUSTER", "MYID") for each in (source, target)}
    await ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
    await ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
    await ask(source, "MIGRATE", LOOPBACK, target.port or 0, key, 0, 5_000)

    assert [await count(script, key) for _ in range(3)] == [2, 3, 4]
    for each in (target, source):
        await ask(each, "CLUSTER", "SETSLOT", slot, "NODE", ids[target])
    assert [await count(script, key) for _ in range(3)] == [5, 6, 7]
    assert owner(client, cluster, key) is target


async def test_redis_pys_own_redirections_leave_wait_behind(cluster: ValkeyCluster, client: RedisCluster) -> None:
    """Why ClusterExchange follows them itself: the guard above would not notice."""
    key = f"{{{uuid4()}}}:count"
    await client.initialize()
    away = next(node for node in client.get_primaries() if int(node.port) != owner(client, cluster, key).port)
    pipeline: Any = client.pipeline()
    for command in (("INCR", key), ("WAIT", 1, 1_000)):
        pipeline.execute_command(*command, target_nodes=away)
    counted, acknowledged = await pipeline.execute(raise_on_error=False)
    assert (counted, acknowledged) == (1, 1)  # the WAIT of a connection that wrote nothing
    replica = cluster.replicas[cluster.primaries.index(owner(client, cluster, key))]
    replica.pause()
    try:
        pipeline = client.pipeline()
        for command in (("INCR", key), ("WAIT", 1, 1_000)):
            pipeline.execute_command(*command, target_nodes=away)
        assert await pipeline.execute(raise_on_error=False) == [2, 1]
        assert await exchange_on(client).each([(key, ("INCR", key))], [("WAIT", 1, 500)]) == [[3, 0]]
    finally:
        replica.resume()


async def test_a_node_without_its_replica_gives_no_answer_and_the_others_do(
    cluster: ValkeyCluster, client: RedisCluster
) -> None:
    script, sure = script_on(client), script_on(client, replicas=1)
    keys = [f"{key}:{uuid4()}" for key in KEYS[:12]]
    await asyncio.gather(*(count(script, key) for key in keys))
    mute = cluster.primaries[0]
    cluster.replicas[0].pause()
    try:
        answers = await asyncio.gather(*(counted_within(sure, key) for key in keys))
    finally:
        cluster.replicas[0].resume()

    assert {owner(client, cluster, key) for key, answer in zip(keys, answers, strict=True) if not answer} == {mute}
    assert {answer for answer in answers if answer} == {2}


async def test_a_node_that_hangs_holds_up_no_call_to_another(cluster: ValkeyCluster, client: RedisCluster) -> None:
    script, keys = script_on(client), [f"{key}:{uuid4()}" for key in KEYS]
    await asyncio.gather(*(count(script, key) for key in keys))
    hanging = cluster.primaries[0]
    hanging.pause()
    try:
        calls = {key: asyncio.create_task(counted_within(script, key)) for key in keys}
        others = [call for key, call in calls.items() if owner(client, cluster, key) is not hanging]
        held_up = [call for call in calls.values() if call not in others]
        assert set(await asyncio.gather(*others)) == {2}
        assert not any(call.done() for call in held_up)
        assert set(await asyncio.gather(*held_up)) == {None}
    finally:
        hanging.resume()
    await wait_until(cluster.agrees, within_s=30)


@REPLICAS
async def test_what_was_asked_together_goes_apart_where_a_slot_has_moved(
    cluster: ValkeyCluster, client: RedisCluster, replicas: int
) -> None:
    script, keys = script_on(client, replicas=replicas), [f"{key}:{uuid4()}" for key in KEYS]
    await asyncio.gather(*(count(script, key) for key in keys))
    one = client.get_node_from_key(keys[0])
    assert one is not None
    slots = client.nodes_manager.slots_cache
    client.nodes_manager.slots_cache = {slot: [one] for slot in slots}  # as one knows them who missed that they moved

    assert set(await asyncio.gather(*(count(script, key) for key in keys))) == {2}


async def test_a_cluster_that_hangs_is_given_up_in_one_deadline(cluster: ValkeyCluster, connect: Connect) -> None:
    """Each of its nodes would be waited for in turn."""
    client = connect(cluster.url)
    servers = (*cluster.primaries, *cluster.replicas)
    for server in servers:
        server.pause()
    try:
        assert await counted_within(script_on(client), "k") is None
    finally:
        for server in servers:
            server.resume()
    await wait_until(cluster.agrees, within_s=30)


async def test_when_a_node_dies_its_replica_takes_over_and_every_client_finds_it(
    server_directory: Path, connect: Connect
) -> None:
    async with valkey_cluster(server_directory / "cluster-failover", replicated=True) as own:
        client = connect(own.url)
        assert isinstance(client, RedisCluster)
        script, keys = script_on(client, replicas=1), [f"{key}:{uuid4()}" for key in KEYS[:12]]
        for key in keys:
            assert await count(script, key) == 1
        lost = own.primaries[0]
        orphans = [key for key in keys if owner(client, own, key) is lost]
        assert 0 < len(orphans) < len(keys)
        lost.kill()

        script = script_on(client)  # who was promoted has no replica now

        async def all_count() -> bool:
            return None not in await asyncio.gather(*(counted_within(script, key) for key in keys))

        await wait_until(all_count, within_s=30)
        assert await RedisFit(client)()
        assert (await ask(own.replicas[0], "ROLE"))[0] == "master"


async def test_who_waits_but_briefly_also_finds_who_took_over_from_a_node_that_hangs(
    server_directory: Path, connect: Connect
) -> None:
    """As auth's throttle does: it gives up long before the client would, each time."""
    async with valkey_cluster(server_directory / f"cluster-{uuid4()}", replicated=True) as own:
        client = connect(own.url)
        assert isinstance(client, RedisCluster)
        script = script_on(client)
        await count(script, KEYS[0])
        owner(client, own, KEYS[0]).pause()

        async def counted() -> bool:
            with suppress(TimeoutError, DependencyUnavailable):
                async with asyncio.timeout(0.25):
                    return await count(script, KEYS[0]) >= 2
            return False

        await wait_until(counted, within_s=20)


async def test_one_node_that_evicts_makes_the_cluster_unfit(cluster: ValkeyCluster, client: RedisCluster) -> None:
    fit, odd = RedisFit(client), cluster.primaries[1]
    assert await fit()
    await ask(odd, "CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    try:
        assert not await fit()
    finally:
        await ask(odd, "CONFIG", "SET", "maxmemory-policy", "noeviction")
