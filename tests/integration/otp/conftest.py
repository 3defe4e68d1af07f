"""Kafka, seen from outside."""

import pytest

from tests.integration.shared.kafka_kit import Cluster


@pytest.fixture(scope="session")
def cluster(kafka_bootstrap: str, kafka_kind: str) -> Cluster:
    return Cluster(kafka_bootstrap, kafka_kind)
