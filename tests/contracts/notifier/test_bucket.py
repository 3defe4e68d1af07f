"""A bucket of calls that all instances share, in a real Valkey."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from services.notifier.adapters.redis_bucket import RedisBucket
from shared.redis import RedisClient, redis_client
from shared.unavailable import DependencyUnavailable
from tests.wait_until import wait_until

NONE = timedelta(0)
Bucket = Callable[[float], RedisBucket]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisClient]:
    client = redis_client(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def bucket(redis: RedisClient) -> Bucket:
    """Makes instances of one bucket."""
    return partial(RedisBucket, redis, uuid4().hex)


async def taken(bucket: RedisBucket, number: int, *, hurried: bool = True) -> int:
    return [await bucket.take(hurried=hurried) for _ in range(number)].count(NONE)


async def test_instances_share_what_may_come_at_once(bucket: Bucket) -> None:
    one, other = bucket(1), bucket(1)  # a burst is two at least
    assert await taken(one, 1) + await taken(other, 1) == 2
    wait = await one.take()
    assert timedelta(seconds=0.9) < wait <= timedelta(seconds=1)


async def test_a_crowd_takes_no_more_than_there_is(bucket: Bucket) -> None:
    one, other = bucket(100), bucket(100)  # ten at once
    waits = await asyncio.gather(*(each.take() for each in (one, other) for _ in range(100)))
    assert 10 <= waits.count(NONE) <= 15  # and a few that came due meanwhile
    assert max(waits) < timedelta(seconds=2)


async def test_who_waits_as_he_is_told_has_his_turn(bucket: Bucket) -> None:
    one = bucket(50)
    await taken(one, 5)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(one.turn() for _ in range(10)))
    assert asyncio.get_running_loop().time() - began > 0.15


async def test_who_is_in_no_hurry_leaves_some_to_who_is(bucket: Bucket) -> None:
    one = bucket(20)  # two at once, one of them for the hurried
    assert await taken(one, 2, hurried=False) == 1
    assert await one.take() == NONE


async def test_while_a_provider_asks_for_patience_no_instance_takes_any(bucket: Bucket) -> None:
    one, other = bucket(1_000), bucket(1_000)
    await one.pause(timedelta(milliseconds=300))
    await one.pause(timedelta(milliseconds=10))  # a shorter wish does not shorten a longer one
    wait = await other.take()
    assert timedelta(seconds=0.2) < wait <= timedelta(seconds=0.3)

    async def over() -> bool:
        return await other.take() == NONE

    await wait_until(over)


async def test_one_who_leaves_does_not_hold_up_the_others(bucket: Bucket) -> None:
    one = bucket(1_000)
    asking = [asyncio.create_task(one.take()) for _ in range(5)]
    await asyncio.sleep(0)
    asking[2].cancel()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert answers.count(NONE) == 4


async def test_without_a_server_it_says_so() -> None:
    client = redis_client("redis://127.0.0.1:1/0")
    bucket = RedisBucket(client, "none", 10)
    for call in (bucket.take(), bucket.pause(timedelta(seconds=1))):
        with pytest.raises(DependencyUnavailable):
            await call
    await client.aclose()
