"""Sentinels that ask for a password, or give a user of theirs only what docs/redis.md says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from deploy.local.ports import LOOPBACK
from shared.health import Health
from shared.redis_access import RedisAccess
from shared.redis_fit import RedisFit
from shared.redis_script import Scripts
from tests.contracts.conftest import Connect
from tests.counting_script import COUNT, counted_within
from tests.redis_rights import PASSWORD, rule_of
from tests.redis_servers import PRIMARY_NAME, SentinelServer, ask, valkey_at

ANOTHER = "canary-of-another-sentinel"


@pytest.fixture
async def sentinel(server_directory: Path) -> AsyncIterator[SentinelServer]:
    directory = server_directory / "asking-sentinel"
    async with valkey_at(directory / "a") as primary:
        made = SentinelServer(directory / "sentinel", primary.port or 0, quorum=1, password=PASSWORD)
        await asyncio.to_thread(made.start)
        yield made
        await asyncio.to_thread(made.close)


def url(sentinel: SentinelServer) -> str:
    return f"redis+sentinel://{LOOPBACK}:{sentinel.port}/{PRIMARY_NAME}"


async def test_who_says_the_password_is_led_to_the_primary(sentinel: SentinelServer, connect: Connect) -> None:
    client = connect(url(sentinel), RedisAccess(sentinel_password=PASSWORD))
    assert await counted_within(Scripts(client).script(COUNT), "with-password") == 1


@pytest.mark.parametrize("said", [None, ANOTHER])
async def test_who_says_none_or_another_is_not_ready_until_it_is_the_right_one(
    sentinel: SentinelServer, connect: Connect, said: str | None
) -> None:
    access = RedisAccess(sentinel_password=said)
    client = connect(url(sentinel), access)
    script, key = Scripts(client).script(COUNT), f"in-vain-{said}"
    with capture_logs() as logs:
        assert await counted_within(script, key) is None
        assert await counted_within(script, key) is None
        assert await Health({"redis": RedisFit(client)}).results() == {"redis": False}

    of_sentinel, of_redis = (line for line in logs if line["event"] == "redis_refused")
    assert of_sentinel["by"] == f"sentinel {LOOPBACK}:{sentinel.port}"
    assert ("already authenticated" if said is None else "invalid username-password pair") in of_sentinel["reason"]
    assert of_redis["reason"] == f"No master found for {PRIMARY_NAME!r}"
    assert "canary" not in f"{logs} {access} {client!r} {getattr(client, 'connection_pool', None)!r}"

    await ask(sentinel, "ACL", "SETUSER", "default", f">{said}" if said else "nopass", password=PASSWORD)
    assert await counted_within(script, key) == 1
    assert await Health({"redis": RedisFit(client)}).results() == {"redis": True}


async def test_a_user_of_its_own_needs_what_the_page_gives_it(sentinel: SentinelServer, connect: Connect) -> None:
    await ask(sentinel, "ACL", "SETUSER", "gatepost", *rule_of("gatepost"), password=PASSWORD)
    client = connect(url(sentinel), RedisAccess(sentinel_username="gatepost", sentinel_password=PASSWORD))
    script = Scripts(client).script(COUNT)
    assert await counted_within(script, "by-user") == 1
    assert await ask(sentinel, "ACL", "LOG", password=PASSWORD) == []
