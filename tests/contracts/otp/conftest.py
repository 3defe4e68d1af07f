"""Stores on a clock that the test moves."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from services.otp.domain.limits import Limits
from tests.contracts.otp.timeline import Timeline
from tests.redis_at import redis_at

pytest.register_assert_rewrite("tests.contracts.otp.model_machine")  # its assertions say what they compared


LIMITS = Limits(wrong_per_challenge=5, wrong_per_day=15, wrong_per_30_days=50)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Empty."""
    client = redis_at(redis_url)
    yield client
    await client.aclose()


@pytest.fixture(params=["fake", "redis"])
def timeline(request: pytest.FixtureRequest) -> Any:
    return Timeline(None, LIMITS) if request.param == "fake" else request.getfixturevalue("on_redis")


@pytest.fixture
async def on_redis(redis: Redis) -> Timeline:
    made = Timeline(redis, LIMITS)
    await made.passes()
    return made
