"""What Redis must not do behind our back."""

import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.redis_fit import RedisFit
from tests.contracts.conftest import Connect
from tests.redis_servers import (
    valkey_at,
)


async def test_a_server_that_evicts_is_not_fit_and_it_is_said_once(
    server_directory: Path, capsys: pytest.CaptureFixture[str], connect: Connect
) -> None:
    async with valkey_at(server_directory / "evicting", maxmemory_policy="allkeys-lru") as server:
        client = connect(server.url)
        fit = RedisFit(client)
        assert not await fit()
        assert not await fit()
        assert capsys.readouterr().out.count("redis_unfit") == 1

        await client.config_set("maxmemory-policy", "noeviction")
        assert await fit()


@pytest.mark.parametrize(("ahead_s", "told"), [(-20, None), (20, None), (-600, "+600 s"), (600, "-600 s")])
async def test_a_server_whose_clock_is_another_is_not_fit(
    redis_url: str, connect: Connect, ahead_s: int, told: str | None
) -> None:
    with capture_logs() as logs:
        fit = await RedisFit(connect(redis_url), clock=lambda: time.time() + ahead_s)()

    assert fit == (told is None)
    assert [line["found"]["primary"]["clock"] for line in logs] == [told] * (not fit)


async def test_a_server_that_a_restart_makes_forget_is_not_fit_for_what_must_last(
    server_directory: Path, connect: Connect
) -> None:
    async with valkey_at(server_directory / "forgetful", appendonly="no") as server:
        client = connect(server.url)
        assert await RedisFit(client)()
        assert not await RedisFit(client, lasting=True)()
        await client.config_set("appendonly", "yes")
        assert await RedisFit(client, lasting=True)()
