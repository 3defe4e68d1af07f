"""What contract tests share."""

from collections.abc import AsyncIterator, Callable

import pytest

from shared.redis import RedisClient, redis_client

Connect = Callable[[str], RedisClient]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes the client of a service, for a URL; closed with the test."""
    made: list[RedisClient] = []

    def client(url: str) -> RedisClient:
        made.append(redis_client(url))
        return made[-1]

    yield client
    for each in made:
        await each.aclose()
