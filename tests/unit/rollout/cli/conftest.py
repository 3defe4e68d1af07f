from collections.abc import Iterator

import pytest

from tests.unit.rollout.cli.stub_rollout import StubRollout, stub_rollout


@pytest.fixture
def stub() -> Iterator[StubRollout]:
    with stub_rollout() as running:
        yield running
