"""Buses that are stopped when the test ends, whatever it did to them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from shared.kafka import EventBus
from tests.integration.shared.kafka_kit import Cluster

NewBus = Callable[..., EventBus]


@pytest.fixture
def cluster(kafka_bootstrap: str, kafka_kind: str) -> Cluster:
    return Cluster(kafka_bootstrap, kafka_kind)


@pytest.fixture
async def new_bus(cluster: Cluster) -> AsyncIterator[NewBus]:
    """Makes buses; the service's name makes the group."""
    buses: list[EventBus] = []

    def make(service: str = "tests", on: Cluster = cluster, **settings: object) -> EventBus:
        bus = EventBus(service, on.settings(**settings))
        buses.append(bus)
        return bus

    yield make
    for bus in buses:
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                await bus.stop()
