"""Redis by TLS: alone, behind a Sentinel, as a cluster. A server whose certificate is not trusted is told nothing."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import RedisCluster
from structlog.testing import capture_logs

from shared.redis import OUTAGES, RedisClient
from shared.redis_access import RedisAccess, TlsFiles
from shared.redis_fit import RedisFit
from shared.redis_script import Scripts
from shared.unavailable import DependencyUnavailable
from tests import redis_by_tls
from tests.certificates import Authority
from tests.contracts.conftest import Connect
from tests.counting_script import COUNT, count, counted_within
from tests.redis_by_tls import Secured
from tests.wait_until import wait_until

# What OpenSSL says of a certificate that an unknown authority signed, and of one for another server.
UNKNOWN, ANOTHER_NAME = "unable to get local issuer certificate", "IP address mismatch"


@pytest.fixture(scope="module")
def ours(server_directory: Path) -> Authority:
    return Authority(server_directory / "ours")


@pytest.fixture(scope="module")
def anothers(server_directory: Path) -> Authority:
    return Authority(server_directory / "anothers")


@pytest.fixture(scope="module", params=["alone", "watched", "cluster"])
async def redis(request: pytest.FixtureRequest, server_directory: Path, ours: Authority) -> AsyncIterator[Secured]:
    made = getattr(redis_by_tls, request.param)(server_directory / f"tls-{request.param}", ours.server())
    async with made as secured:
        yield secured


@pytest.fixture(autouse=True)
async def as_at_first(redis: Secured, ours: Authority) -> AsyncIterator[None]:
    """Each server shows its own certificate."""
    yield
    await redis.show(ours.server())


@pytest.fixture
async def client(redis: Secured, connect: Connect, ours: Authority) -> RedisClient:
    return connect(redis.url, RedisAccess(TlsFiles(ours.file)))


async def heard(client: RedisClient) -> bool:
    if isinstance(client, RedisCluster):
        await client.initialize()
    async with client.pubsub() as pubsub:
        await pubsub.subscribe("news")
        message: Any = await pubsub.get_message(timeout=5)
    return bool(message["type"] == "subscribe")


async def until_fit(client: RedisClient) -> None:
    async def fit() -> bool:
        with suppress(DependencyUnavailable):
            return await RedisFit(client)()
        return False

    await wait_until(fit, within_s=20)


def refusals(logs: list[Any]) -> str:
    return " ".join(line["reason"] for line in logs if line["event"] == "redis_refused")


async def test_commands_and_messages_go_by_tls(redis: Secured, client: RedisClient) -> None:
    before = [proxy.secured for proxy in redis.proxies]
    counts = [await count(Scripts(client).script(COUNT), f"by-tls-{number}") for number in range(30)]

    assert counts == [1] * 30
    assert await RedisFit(client)()
    assert await heard(client)
    assert all(proxy.secured > was for proxy, was in zip(redis.proxies, before, strict=True))


async def test_a_server_with_another_certificate_is_refused_until_it_shows_its_own(
    redis: Secured, connect: Connect, ours: Authority, anothers: Authority
) -> None:
    for way in range(len(redis.ways)):
        for wrong, said in ((anothers.server(), UNKNOWN), (ours.server("127.0.0.2"), ANOTHER_NAME)):
            await redis.show(wrong, way)
            client = connect(redis.url, RedisAccess(TlsFiles(ours.file)))
            script, key = Scripts(client).script(COUNT), f"{way} {said}"
            with capture_logs() as logs, pytest.raises(DependencyUnavailable):
                await count(script, key)
            assert said in refusals(logs)
            with pytest.raises(OUTAGES):
                await heard(client)

            await redis.show(ours.server(), way)
            await until_fit(client)
            assert await count(script, key) == 1
            assert await heard(client)


async def test_without_a_file_the_authorities_of_the_system_count(redis: Secured, connect: Connect) -> None:
    with capture_logs() as logs, pytest.raises(DependencyUnavailable):
        await count(Scripts(connect(redis.url)).script(COUNT), "system")

    assert "certificate verify failed" in refusals(logs)


async def test_who_never_shakes_hands_keeps_nobody_waiting(redis: Secured, client: RedisClient) -> None:
    for proxy in redis.proxies:
        proxy.hold()
        proxy.cut()
    assert await counted_within(Scripts(client).script(COUNT), "hanging") is None
    for proxy in redis.proxies:
        proxy.release()
    await until_fit(client)


async def test_a_server_that_asks_for_certificates_lets_in_who_has_one(
    redis: Secured, connect: Connect, ours: Authority, anothers: Authority
) -> None:
    files, other = ours.sign("127.0.0.3"), anothers.sign("127.0.0.3")
    await redis.show(ours.server(of_clients=True))
    for wrong in (TlsFiles(ours.file), TlsFiles(ours.file, other.cert, other.key)):
        assert await counted_within(Scripts(connect(redis.url, RedisAccess(wrong))).script(COUNT), "mutual") is None

    client = connect(redis.url, RedisAccess(files))
    assert await count(Scripts(client).script(COUNT), "mutual") == 1
    assert await heard(client)
