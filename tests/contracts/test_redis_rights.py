"""Each service does all that it does in Redis with the rights of docs/redis.md, uses each of them, and has no other."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.crc import key_slot
from redis.exceptions import NoPermissionError, ResponseError
from structlog.testing import capture_logs

from deploy.local.valkey import Valkey
from shared.health import Health
from shared.redis_fit import RedisFit
from shared.unavailable import DependencyUnavailable
from tests.contracts import redis_exercises
from tests.contracts.conftest import Connect
from tests.redis_rights import commands_in, restrict, rule_of, used
from tests.redis_servers import SLOTS, ValkeyCluster, ask, follow, valkey_at, valkey_cluster

USERS = ("otp", "notifier", "auth")
# What a stranger with such credentials would try.
FORBIDDEN = [
    "KEYS *", "SCAN 0", "CONFIG GET *", "FLUSHALL", "FLUSHDB", "ACL LIST", "REPLICAOF NO ONE", "MONITOR", "CLIENT LIST",
    "SCRIPT FLUSH", "SHUTDOWN", "SWAPDB 0 1", "GET another", "PUBLISH another x", "SUBSCRIBE another", "PSUBSCRIBE *",
]  # fmt: skip
IN_SCRIPTS = ["'GET', 'another'", "'KEYS', '*'", "'CONFIG', 'GET', '*'", "'PUBLISH', 'another', ''"]
KEYS = {"otp": "{otp-00}:a:1", "notifier": "notifier:{1}:closed", "auth": "throttle:1"}


@pytest.fixture(scope="module")
async def server(server_directory: Path) -> AsyncIterator[Valkey]:
    """With a replica."""
    directory = server_directory / "rights"
    async with valkey_at(directory / "a") as primary, valkey_at(directory / "b") as replica:
        await follow(replica, primary.port or 0)
        yield primary


# Of these tests and of replicas; every connection says hello, and who it is.
OURS = {"acl|setuser", "acl|log", "config|resetstat", "replconf", "hello", "auth"}


@pytest.mark.parametrize("user", USERS)
async def test_a_service_needs_what_the_page_gives_it_and_nothing_else(
    server: Valkey, connect: Connect, user: str
) -> None:
    given = commands_in(rule_of(user))
    await ask(server, "SCRIPT", "FLUSH")
    client = connect(f"redis://{await restrict([server], user)}/0")
    await getattr(redis_exercises, user)(client, replicas=int("wait" in given))

    assert await used([server]) - OURS == given
    assert await ask(server, "ACL", "LOG") == []


async def test_in_a_cluster_each_needs_what_the_page_adds(server_directory: Path, connect: Connect) -> None:
    async with valkey_cluster(server_directory / "rights-cluster") as cluster:
        await leave(cluster, key_slot(b"throttle:one"))
        for user in USERS:
            found = await restrict(cluster.primaries, user, in_cluster=True)
            await getattr(redis_exercises, user)(connect(f"redis+cluster://{found}"), replicas=0)
            more = await used(cluster.primaries) - commands_in(rule_of(user)) - OURS
            assert more == commands_in(rule_of("$user")) - ({"asking"} if user != "auth" else set())
        assert [await ask(node, "ACL", "LOG") for node in cluster.primaries] == [[]] * 3


async def leave(cluster: ValkeyCluster, slot: int) -> None:
    """The slot is under way from its node to the next: who asks for it is told to ask there."""
    ids = [await ask(node, "CLUSTER", "MYID") for node in cluster.primaries]
    owner = slot * len(ids) // SLOTS
    taker = (owner + 1) % len(ids)
    await ask(cluster.primaries[taker], "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[owner])
    await ask(cluster.primaries[owner], "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[taker])


@pytest.mark.parametrize("user", USERS)
async def test_what_else_somebody_would_try_with_its_credentials_is_refused(
    server: Valkey, connect: Connect, user: str
) -> None:
    client: Any = connect(f"redis://{await restrict([server], user)}/0")
    others = [f"GET {key}" for other, key in KEYS.items() if other != user]
    for command in (*FORBIDDEN, *others):
        with pytest.raises(NoPermissionError):
            await client.execute_command(*command.split())
    for call in IN_SCRIPTS:
        with pytest.raises(ResponseError, match=r"ACL failure in script|not allowed from script"):
            await client.eval(f"return redis.call({call})", 1, KEYS[user])


async def test_who_lacks_a_right_or_the_password_is_told_so_and_is_not_ready(server: Valkey, connect: Connect) -> None:
    url = f"redis://{await restrict([server], 'otp')}/0"
    lacking = {"-info": "'info' command", "-hget": "'hget' command", "resetkeys": "access", "resetpass": "password"}
    for right, reason in lacking.items():
        await restrict([server], "otp")
        await ask(server, "ACL", "SETUSER", "otp", right)
        client = connect(url)
        with capture_logs() as logs, pytest.raises(DependencyUnavailable):
            await redis_exercises.otp(client)
        assert any(reason in line["reason"] for line in logs if line["event"] == "redis_refused"), logs
        ready = await Health({"redis": RedisFit(client, lasting=True)}).results()
        assert ready == {"redis": right not in ("-info", "resetpass")}

        await restrict([server], "otp")
        await redis_exercises.otp(client)
