"""Stores on a clock that the test moves."""

from collections.abc import AsyncIterator

import pytest

from services.otp.domain.limits import Limits
from tests.contracts.otp.timeline import Timeline
from tests.redis_at import redis_at

pytest.register_assert_rewrite("tests.contracts.otp.model_machine")  # its assertions say what they compared


@pytest.fixture(params=["fake", "redis"])
async def timeline(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Timeline]:
    """With the limits that are the default."""
    limits = Limits(wrong_per_challenge=5, wrong_per_day=15, wrong_per_30_days=50)
    client = redis_at(redis_url)
    made = Timeline(client if request.param == "redis" else None, limits)
    await made.passes()
    yield made
    await client.aclose()
