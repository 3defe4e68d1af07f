"""One instance per module, and the topic that it publishes to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.rollout.instance import Rollout, Topic, new_name, reading, rollout_on


@pytest.fixture(scope="module")
async def rollout(postgres_url: str, kafka_bootstrap: str, server_directory: Path) -> AsyncIterator[Rollout]:
    async with rollout_on(postgres_url, kafka_bootstrap, server_directory / "logs") as instance:
        yield instance


@pytest.fixture(scope="module")
async def topic(kafka_bootstrap: str) -> AsyncIterator[Topic]:
    async with reading(kafka_bootstrap) as landed:
        yield landed


@pytest.fixture
def name() -> str:
    """Of a region that nobody else uses: the topic is shared."""
    return new_name()
