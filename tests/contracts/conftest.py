"""What contract tests share."""

from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from shared.redis import RedisClient, redis_client
from shared.redis_access import RedisAccess


class Connect(Protocol):
    def __call__(self, url: str, access: RedisAccess | None = None) -> RedisClient: ...


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes the client of a service, for a URL; closed with the test."""
    made: list[RedisClient] = []

    def client(url: str, access: RedisAccess | None = None) -> RedisClient:
        made.append(redis_client(url, access))
        return made[-1]

    yield client
    for each in made:
        await each.aclose()
