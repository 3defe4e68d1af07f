"""Scripts whose calls go out together, on one server. What a cluster makes of them: test_redis_cluster.py."""

import asyncio

from deploy.local.valkey import Valkey
from shared.redis_script import Scripts
from shared.unavailable import DependencyUnavailable
from tests.contracts.conftest import Connect
from tests.counting_script import COUNT, count, counted_within
from tests.redis_servers import ask

KEYS = [f"key-{number}" for number in range(300)]  # more than a client has connections


async def connections_so_far(server: Valkey) -> int:
    return int((await ask(server, "INFO", "stats"))["total_connections_received"])


async def test_a_crowd_needs_one_connection_and_each_call_runs_once(
    valkey: Valkey, redis_url: str, connect: Connect
) -> None:
    script = Scripts(connect(redis_url)).script(COUNT)
    before = await connections_so_far(valkey)
    assert set(await asyncio.gather(*(count(script, key) for key in KEYS))) == {1}
    assert set(await asyncio.gather(*(count(script, key) for key in KEYS))) == {2}
    assert await connections_so_far(valkey) == before + 2  # ours, and the one that asks


async def test_different_scripts_go_out_together_also_when_the_server_forgot_one(
    valkey: Valkey, redis_url: str, connect: Connect
) -> None:
    scripts = Scripts(connect(redis_url))
    one, ten = scripts.script(COUNT), scripts.script("return {ARGV[1], redis.call('INCRBY', KEYS[1], 10)}")
    await ask(valkey, "SCRIPT", "FLUSH")
    assert await count(one, "a") == 1
    assert await asyncio.gather(*map(count, (one, ten, one, ten), "abcd")) == [2, 10, 1, 10]


async def test_who_leaves_before_the_answer_has_called_once_and_disturbs_nobody(
    valkey: Valkey, redis_url: str, connect: Connect
) -> None:
    script = Scripts(connect(redis_url)).script(COUNT)
    valkey.pause()
    calls = [asyncio.create_task(count(script, key)) for key in KEYS[:20]]
    await asyncio.sleep(0.05)
    for call in calls[::2]:
        call.cancel()
    valkey.resume()
    assert set(await asyncio.gather(*calls[1::2])) == {1}
    assert set(await asyncio.gather(*(count(script, key) for key in KEYS[:20]))) == {2}


async def test_an_error_of_one_call_fails_that_one_alone(valkey: Valkey, redis_url: str, connect: Connect) -> None:
    script = Scripts(connect(redis_url)).script(COUNT)
    await ask(valkey, "SET", "text", "no number")
    one, bad, other = await asyncio.gather(*(count(script, key) for key in ("a", "text", "b")), return_exceptions=True)
    assert (one, other) == (1, 1)
    assert isinstance(bad, DependencyUnavailable)


async def test_when_the_server_is_away_everybody_is_told(connect: Connect) -> None:
    script = Scripts(connect("redis://127.0.0.1:1/0")).script(COUNT)
    assert await asyncio.gather(*(counted_within(script, key) for key in KEYS)) == [None] * len(KEYS)


async def test_after_a_restart_one_call_at_most_finds_a_dead_connection(
    valkey: Valkey, redis_url: str, connect: Connect
) -> None:
    script = Scripts(connect(redis_url)).script(COUNT)
    for _ in range(3):
        await asyncio.gather(*(count(script, key) for key in KEYS[:5]))
    await asyncio.to_thread(valkey.restart)
    await counted_within(script, "k")
    answers = await asyncio.gather(*(counted_within(script, f"after:{key}") for key in KEYS))
    assert answers == [1] * len(KEYS)
