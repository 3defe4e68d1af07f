"""What Redis must not do behind our back."""

from pathlib import Path

import pytest

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


async def test_a_server_that_a_restart_makes_forget_is_not_fit_for_what_must_last(
    server_directory: Path, connect: Connect
) -> None:
    async with valkey_at(server_directory / "forgetful", appendonly="no") as server:
        client = connect(server.url)
        assert await RedisFit(client)()
        assert not await RedisFit(client, lasting=True)()
        await client.config_set("appendonly", "yes")
        assert await RedisFit(client, lasting=True)()
