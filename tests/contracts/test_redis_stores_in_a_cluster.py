"""The stores beside the challenges, on a cluster of three nodes: each script names its keys, all in one slot."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.auth.adapters.redis_throttle import RedisThrottle
from services.auth.domain.gcra import Bucket, Limit
from services.notifier.adapters.redis_claims import RedisClaims
from services.notifier.adapters.redis_suppressed_accounts import RedisSuppressedAccounts
from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.adapters.redis_told import RedisTold
from services.notifier.domain.claim import AlreadySent, Claimed, SendTerms
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.standing import Standing
from services.notifier.domain.suppression import AddressHashes, Cause, SuppressedAccount, SuppressionTerms
from services.otp.adapters.redis_fleet import RedisFleet
from shared.redis_script import Scripts
from tests.contracts.conftest import Connect
from tests.redis_servers import ValkeyCluster, ask, valkey_cluster
from tests.unit.notifier.fakes import passcode_issued
from tests.unit.shared.samples import private_ring


@pytest.fixture(scope="module")
async def cluster(server_directory: Path) -> AsyncIterator[ValkeyCluster]:
    async with valkey_cluster(server_directory / "cluster-stores") as made:
        yield made


async def keys_on_each(cluster: ValkeyCluster) -> list[int]:
    return [await ask(server, "DBSIZE") for server in cluster.primaries]


async def test_claims_of_the_notifier(cluster: ValkeyCluster, connect: Connect) -> None:
    claims = RedisClaims(connect(cluster.url), SendTerms(lease=timedelta(seconds=15)))
    soon = datetime.now(UTC) + timedelta(minutes=10)
    before = await keys_on_each(cluster)
    for due in [MailDue.passcode(passcode_issued(expires_at=soon)) for _ in range(30)]:
        claimed = await claims.claim(due)
        assert isinstance(claimed, Claimed)
        await claims.accepted(due, claimed.attempt, "sendgrid")
        assert isinstance(await claims.claim(due), AlreadySent)
        assert due.challenge_id is not None
        await claims.close(due.challenge_id)

    assert all(after > earlier for earlier, after in zip(before, await keys_on_each(cluster), strict=True))


async def test_reports_of_a_batch_on_different_nodes(cluster: ValkeyCluster, connect: Connect) -> None:
    told = RedisTold(connect(cluster.url), "one", timedelta(seconds=15), timedelta(hours=48))
    first, second = [uuid4().hex for _ in range(30)], [uuid4().hex for _ in range(30)]
    assert await told.take([*first, *second]) == [Standing.OURS] * 60
    await told.settle(first, second)
    assert await told.take([*first, *second]) == [Standing.TOLD] * 30 + [Standing.OURS] * 30


async def test_suppressions_of_the_notifier(cluster: ValkeyCluster, connect: Connect) -> None:
    client, hashes = connect(cluster.url), AddressHashes(private_ring("s2", "s1"))
    suppressions, account = RedisSuppressions(client, hashes, SuppressionTerms()), SuppressedAccount(uuid4(), "emea")
    accounts = RedisSuppressedAccounts(client, hashes)
    for address in [f"user{n}@customer.example" for n in range(30)]:
        await suppressions.add(address, Cause.BOUNCED, datetime.now(UTC))
        assert await suppressions.of(address) is not None
        assert await suppressions.remove(address)
        assert await suppressions.of(address) is None
        await accounts.add(address, account, datetime.now(UTC) + timedelta(days=1))
        assert await accounts.take(address) == [account]


async def test_the_throttle_of_auth_with_buckets_on_different_nodes(cluster: ValkeyCluster, connect: Connect) -> None:
    throttle = RedisThrottle(connect(cluster.url), time.monotonic, deadline_s=5)
    limit = Limit(1, 60_000)
    for _ in range(30):
        buckets = [Bucket(f"throttle:{uuid4()}", limit) for _ in range(3)]
        assert await throttle.take(buckets) == 0
        assert await throttle.take(buckets) > 0
        await throttle.give_back(buckets)
        assert await throttle.take(buckets) == 0


async def test_the_tally_of_the_fleet(cluster: ValkeyCluster, connect: Connect) -> None:
    fleet = RedisFleet(Scripts(connect(cluster.url)).script, timedelta(minutes=10), timedelta(seconds=10))
    await fleet.tally(3, 4)

    reading = (await fleet.tally(1, 1)).reading
    assert (reading.wrong, reading.verified) == (4, 5)
