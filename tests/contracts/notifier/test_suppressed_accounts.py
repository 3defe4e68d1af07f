"""Whose address is suppressed, kept in memory (which other tests rely on) and in a real Valkey."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.notifier.adapters.redis_suppressed_accounts import RedisSuppressedAccounts
from services.notifier.domain.suppression import AddressHashes, SuppressedAccount
from shared.redis import RedisClient, redis_client
from shared.unavailable import DependencyUnavailable
from tests.unit.notifier.fakes import FakeAccounts
from tests.unit.shared.samples import private_ring
from tests.wait_until import wait_until

KIM = "Kim@Customer.Example"
NOW = datetime.now(UTC).replace(microsecond=0)
SOON, LATER = NOW + timedelta(days=7), NOW + timedelta(days=365)

Accounts = RedisSuppressedAccounts | FakeAccounts


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[RedisClient]:
    made = redis_client(redis_url)
    yield made
    await made.aclose()


@pytest.fixture(params=["fake", "valkey"])
def accounts(request: pytest.FixtureRequest, client: RedisClient) -> Accounts:
    return FakeAccounts() if request.param == "fake" else _in_valkey(client, "s1")


def _in_valkey(client: RedisClient, *keys: str) -> RedisSuppressedAccounts:
    return RedisSuppressedAccounts(client, AddressHashes(private_ring(*keys)))


def account(region: str = "emea") -> SuppressedAccount:
    return SuppressedAccount(uuid4(), region)


async def test_the_accounts_of_an_address_are_taken_once_however_it_is_written(accounts: Accounts) -> None:
    kim, alex = account(), account("apac")
    for each in (kim, alex, kim):
        await accounts.add(KIM, each, SOON)
    await accounts.add("sam@customer.example", account(), SOON)
    assert {*await accounts.take("kim@customer.example")} == {kim, alex}
    assert await accounts.take(KIM) == []


async def test_the_end_that_lasts_longest_stays(accounts: Accounts) -> None:
    kim = account()
    assert await accounts.add(KIM, kim, LATER) == LATER
    assert await accounts.add(KIM, kim, SOON) == LATER
    assert await accounts.add(KIM, account(), SOON) == SOON


async def test_in_valkey_they_end_with_the_last_suppression(client: RedisClient) -> None:
    accounts = _in_valkey(client, "s1")
    await accounts.add(KIM, account(), LATER)
    await accounts.add(KIM, account(), SOON)
    (key,) = [each.decode() if isinstance(each, bytes) else each for each in await client.keys()]
    assert await client.pexpiretime(key) == LATER.timestamp() * 1000
    assert "customer" not in key.lower()
    await accounts.take(KIM)
    await accounts.add(KIM, account(), datetime.now(UTC) + timedelta(seconds=1))

    async def is_over() -> bool:
        return await client.keys() == []

    await wait_until(is_over)


async def test_in_valkey_they_outlive_a_change_of_keys(client: RedisClient) -> None:
    kim, alex = account(), account()
    await _in_valkey(client, "s1").add(KIM, kim, SOON)
    after = _in_valkey(client, "s2", "s1")
    await after.add(KIM, alex, SOON)
    assert {*await after.take(KIM)} == {kim, alex}


async def test_without_a_server_every_verb_says_so() -> None:
    client = redis_client("redis://127.0.0.1:1/0")
    accounts = _in_valkey(client, "s1")
    for verb in (accounts.add(KIM, account(), SOON), accounts.take(KIM)):
        with pytest.raises(DependencyUnavailable):
            await verb
    await client.aclose()
