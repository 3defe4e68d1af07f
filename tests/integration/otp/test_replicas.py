"""The service tells nothing that a failover could take back: it waits until a replica holds it, or says 503."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.valkey import Valkey
from services.otp.adapters.redis_keys import SLOTS
from tests.integration.otp.ends import told, untold
from tests.integration.otp.instances import Instances, running, wrong_for
from tests.integration.otp.settings import otp_settings
from tests.integration.shared.kafka_kit import Cluster
from tests.redis_servers import ask, follow, valkey_at
from tests.wait_until import wait_until


@dataclass
class Replicated:
    otp: Instances
    primary: Valkey
    replica: Valkey

    @contextmanager
    def replica_hangs(self) -> Iterator[None]:
        self.replica.pause()
        try:
            yield
        finally:
            self.replica.resume()


@pytest.fixture(scope="module")
async def replicated(kafka_bootstrap: str, server_directory: Path) -> AsyncIterator[Replicated]:
    directory = server_directory / "otp-replicas"
    async with valkey_at(directory / "a") as primary, valkey_at(directory / "b") as replica:
        await follow(replica, primary.port or 0)
        async with running(otp_settings(kafka_bootstrap, primary.url, redis_replicas=1)) as otp:
            yield Replicated(otp, primary, replica)


async def test_no_answer_is_given_while_the_replica_hangs_and_each_is_once_it_goes_on(replicated: Replicated) -> None:
    otp = replicated.otp
    event, code = await otp.with_code()
    with replicated.replica_hangs():
        # The status first, and each by itself: else it would wait for what others have written on its connection.
        answers = [await otp.status(event), await otp.verify(event, wrong_for(code)), await otp.resend(event)]
    assert [(status, answer.get("dependency")) for status, answer in answers] == [(503, "redis")] * 3

    status, answer = await otp.status(event)
    assert (status, answer["attempts_remaining"]) == (200, 4)  # the guess stays counted
    assert (await otp.resend(event))[0] == 200
    status, answer = await otp.verify(event, code)
    assert (status, answer["verdict"]) == (200, "verified")


async def test_no_end_is_told_while_the_replica_hangs_and_it_is_once_it_goes_on(
    replicated: Replicated, cluster: Cluster
) -> None:
    primary = replicated.primary
    event, _ = await replicated.otp.with_code(timedelta(seconds=3))

    async def taken_up() -> bool:
        return await untold(primary, event) != [b"o"]

    async def looked_for_again() -> bool:
        return await slots_looked_at(primary) > by_then + 2 * SLOTS

    async def nobody_will_tell_again() -> bool:
        return await untold(primary, event) == []

    with replicated.replica_hangs():
        await wait_until(taken_up)
        by_then = await slots_looked_at(primary)
        await wait_until(looked_for_again, 20)  # not before what was taken up is on Kafka, or given up
        assert (await told(cluster, event), await untold(primary, event)) == ([], [b"e0"])
    await wait_until(nobody_will_tell_again, 30)  # the lease of who took it up runs out first
    assert await told(cluster, event) == [("expired", 0)]


async def slots_looked_at(primary: Valkey) -> int:
    """In how many somebody has looked for ends that are due, in all sweeps together."""
    stats = await ask(primary, "INFO", "commandstats")
    return int(stats["cmdstat_zrange"]["calls"])
