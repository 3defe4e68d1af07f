"""What providers took in a minute, in a real Valkey."""

from collections.abc import AsyncIterator

import pytest

from services.notifier.adapters.redis_minutes import KEPT_MS, RedisMinutes
from services.notifier.domain.provider_pace import Minute
from shared.redis import RedisClient, redis_client
from shared.unavailable import DependencyUnavailable


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[RedisClient]:
    made = redis_client(redis_url)
    yield made
    await made.aclose()


async def test_all_add_to_the_same_minute_of_a_provider(client: RedisClient) -> None:
    first, second = RedisMinutes(client), RedisMinutes(client)
    assert await first.add("sendgrid", 7, Minute(30, 1)) == Minute(30, 1)
    assert await second.add("sendgrid", 7, Minute(12)) == Minute(42, 1)
    assert await first.add("sendgrid", 8, Minute(1)) == Minute(1)
    assert await first.add("smtp", 7, Minute()) == Minute()
    assert await second.add("sendgrid", 7, Minute()) == Minute(42, 1)


async def test_a_minute_is_forgotten_by_itself(client: RedisClient) -> None:
    await RedisMinutes(client).add("sendgrid", 7, Minute(1))
    assert 0 < await client.pttl("notifier:{minute-sendgrid}:7") <= KEPT_MS


async def test_without_a_server_it_says_so() -> None:
    client = redis_client("redis://127.0.0.1:1/0")
    with pytest.raises(DependencyUnavailable):
        await RedisMinutes(client).add("sendgrid", 7, Minute(1))
    await client.aclose()
