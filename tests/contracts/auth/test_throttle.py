"""The stores of the throttle: the same cases for this process and for Redis, whose scripts are the real thing."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from deploy.local.ports import free_port
from deploy.local.valkey import Valkey
from services.auth.adapters.memory_throttle import MemoryThrottle
from services.auth.adapters.redis_throttle import PAUSE_S, RedisThrottle
from services.auth.domain.gcra import Bucket, Limit
from shared.unavailable import DependencyUnavailable
from tests.redis_at import redis_at
from tests.wait_until import wait_until

Store = RedisThrottle | MemoryThrottle
SLOW, FAST = Limit(5, 3_600_000), Limit(2, 100)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Empty."""
    client = redis_at(redis_url)
    yield client
    await client.aclose()


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryThrottle(now_ms)
    return RedisThrottle(request.getfixturevalue("redis"), time.monotonic)


def bucket(limit: Limit = SLOW) -> Bucket:
    return Bucket(f"throttle:{uuid4()}", limit)


async def drained(store: Store, *buckets: Bucket) -> int:
    """How often one could be taken of each."""
    taken = 0
    while await store.take(buckets) == 0:
        taken += 1
    return taken


async def test_the_burst_can_be_taken_and_then_the_wait_is_told(store: Store) -> None:
    full = bucket()

    assert await drained(store, full) == 5
    assert 3_590_000 < await store.take([full]) <= 3_600_000


async def test_of_many_at_once_no_more_is_taken_than_the_burst(store: Store) -> None:
    full = bucket()
    waits = await asyncio.gather(*(store.take([full]) for _ in range(100)))

    assert waits.count(0) == 5


async def test_buckets_do_not_touch_each_other(store: Store) -> None:
    one, other = bucket(), bucket()

    assert await drained(store, one) == 5
    assert await drained(store, other) == 5


async def test_from_all_or_from_none(store: Store) -> None:
    large, small = bucket(Limit(9, 3_600_000)), bucket(Limit(2, 3_600_000))

    assert await drained(store, large, small) == 2
    for _ in range(20):
        assert await store.take([large, small]) > 0
    assert await drained(store, large) == 7


async def test_what_is_given_back_can_be_taken_again(store: Store) -> None:
    full = bucket()
    await drained(store, full)
    await store.give_back([full])
    await store.give_back([full])

    assert await drained(store, full) == 2


async def test_giving_back_never_makes_more_than_the_burst(store: Store) -> None:
    full = bucket()
    await store.take([full])
    for _ in range(20):
        await store.give_back([full])

    assert await drained(store, full) == 5


async def test_it_flows_back_with_time(store: Store) -> None:
    quick = bucket(FAST)
    assert await drained(store, quick) >= 2
    wait = await store.take([quick])
    began = time.monotonic()

    async def can_be_taken() -> bool:
        return await store.take([quick]) == 0

    assert 0 < wait <= 100
    await wait_until(can_be_taken)
    assert time.monotonic() - began >= (wait - 2) / 1000


async def test_a_limit_that_is_lowered_keeps_nobody_out_longer_than_it_says(store: Store) -> None:
    generous = bucket(Limit(100, 3_600_000))
    await drained(store, generous)

    assert 0 < await store.take([Bucket(generous.key, Limit(5, 1_000))]) <= 1_000


async def test_no_more_keys_are_remembered_than_there_is_room_for_and_the_used_up_ones_stay() -> None:
    store = MemoryThrottle(now_ms, most_keys=100)
    used_up = [bucket() for _ in range(10)]
    for each in used_up:
        await drained(store, each)
    for _ in range(5_000):
        await store.take([bucket()])
        assert len(store) <= 100

    assert [await store.take([each]) > 0 for each in used_up] == [True] * 10


async def test_every_key_in_redis_ends_when_its_bucket_is_full_again(redis: Redis) -> None:
    store, slow, full = RedisThrottle(redis, time.monotonic), bucket(), bucket()
    for _ in range(2):
        await store.take([slow])
    await store.take([full])
    await store.give_back([full])

    assert 7_190_000 < await redis.pttl(slow.key) <= 7_200_000
    assert await redis.keys("*") == [slow.key.encode()]


async def test_asking_for_what_is_used_up_does_not_make_it_last_longer(redis: Redis) -> None:
    store, slow = RedisThrottle(redis, time.monotonic), bucket()
    await drained(store, slow)
    stored = await redis.get(slow.key)
    for _ in range(50):
        await store.take([slow])

    assert await redis.get(slow.key) == stored


async def test_scripts_that_redis_forgot_are_loaded_again(redis: Redis) -> None:
    store, slow = RedisThrottle(redis, time.monotonic), bucket()
    for _ in range(3):
        await redis.script_flush()
        assert await store.take([slow]) == 0
        await redis.script_flush()
        await store.give_back([slow])

    assert await drained(store, slow) == 5


async def test_a_redis_that_hangs_is_given_up_soon_and_left_alone_for_a_while(server_directory: Path) -> None:
    server = Valkey(server_directory / "redis-throttle", free_port(), server_directory / "logs" / "redis-throttle")
    server.start()
    client = redis_at(server.url)
    moment = [0.0]
    store, slow = RedisThrottle(client, lambda: moment[0]), bucket()
    await store.take([slow])
    server.pause()

    began = time.monotonic()
    results = await asyncio.gather(*(store.take([bucket()]) for _ in range(100)), return_exceptions=True)
    assert {type(result) for result in results} == {DependencyUnavailable}
    assert time.monotonic() - began < 0.5  # also for those who had to queue
    server.resume()
    for call in (store.take, store.give_back):
        with pytest.raises(DependencyUnavailable):  # although it would answer
            await call([slow])
    moment[0] += PAUSE_S
    assert await store.take([slow]) == 0

    server.kill()
    with pytest.raises(DependencyUnavailable):
        await store.take([slow])
    await client.aclose()
    server.close()


async def test_a_storm_of_calls_is_no_outage(redis: Redis) -> None:
    """More than the client may open connections; however long a busy machine takes for them."""
    store = RedisThrottle(redis, time.monotonic, deadline_s=10)
    waits = await asyncio.gather(*(store.take([bucket()]) for _ in range(400)))

    assert waits == [0] * 400
