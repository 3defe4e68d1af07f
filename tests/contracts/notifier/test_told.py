"""The same cases for what was told in memory, which other tests rely on, and for that in a real Valkey."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Final
from uuid import uuid4

import pytest

from services.notifier.adapters.redis_told import RedisTold
from services.notifier.domain.standing import Standing
from services.notifier.use_cases.take_delivery_reports import Told
from shared.redis import RedisClient, redis_client
from shared.unavailable import DependencyUnavailable
from tests.unit.notifier.reports import FakeTold
from tests.wait_until import wait_until

OURS, ANOTHER, TOLD = Standing.OURS, Standing.ANOTHER, Standing.TOLD
LEASE: Final = timedelta(seconds=15)
KEPT: Final = timedelta(hours=48)

Holders = Callable[[str], Told]


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[RedisClient]:
    made = redis_client(redis_url)
    yield made
    await made.aclose()


@pytest.fixture(params=["fake", "valkey"])
def holder(request: pytest.FixtureRequest, client: RedisClient) -> Holders:
    """Instances over the same reports."""
    known: dict[str, str] = {}

    def make(name: str) -> Told:
        return FakeTold(name, known) if request.param == "fake" else RedisTold(client, name, LEASE, KEPT)

    return make


async def test_who_comes_first_tells_and_others_hear_so(holder: Holders) -> None:
    assert await holder("one").take(["a", "b"]) == [OURS, OURS]
    assert await holder("two").take(["b", "c"]) == [ANOTHER, OURS]
    assert await holder("one").take(["a"]) == [ANOTHER]


async def test_what_was_told_stays_told(holder: Holders) -> None:
    await holder("one").take(["a"])
    await holder("one").settle(["a"], [])
    assert await holder("one").take(["a"]) == await holder("two").take(["a"]) == [TOLD]


async def test_what_was_not_told_is_anybodys_again(holder: Holders) -> None:
    await holder("one").take(["a", "b"])
    await holder("one").settle(["a"], ["b"])
    assert await holder("two").take(["a", "b"]) == [TOLD, OURS]


async def test_who_gives_up_late_takes_nothing_away_from_another(holder: Holders) -> None:
    await holder("two").take(["a", "b"])
    await holder("two").settle(["b"], [])
    await holder("one").settle([], ["a", "b"])
    assert await holder("three").take(["a", "b"]) == [ANOTHER, TOLD]


async def test_of_a_hundred_at_once_one_tells(holder: Holders) -> None:
    answers = await asyncio.gather(*(holder(f"{n}").take(["a"]) for n in range(100)))
    assert Counter(answer for (answer,) in answers) == {OURS: 1, ANOTHER: 99}


async def test_in_valkey_a_dead_teller_is_replaced_after_its_lease(client: RedisClient) -> None:
    await RedisTold(client, "one", timedelta(milliseconds=60), KEPT).take(["a"])
    two = RedisTold(client, "two", LEASE, KEPT)

    async def is_ours() -> bool:
        return await two.take(["a"]) == [OURS]

    await wait_until(is_ours)


async def test_in_valkey_it_is_known_for_two_days_under_keys_that_quote_nothing(client: RedisClient) -> None:
    told = RedisTold(client, "one", LEASE, KEPT)
    await told.take(["bounce-kim@customer.example", "\ud800"])
    keys = await client.keys()
    assert [await client.pttl(key) for key in keys] == [pytest.approx(LEASE.total_seconds() * 1000, abs=2_000)] * 2
    await told.settle(["bounce-kim@customer.example", "\ud800"], [])
    assert [await client.pttl(key) for key in keys] == [pytest.approx(KEPT.total_seconds() * 1000, abs=2_000)] * 2
    assert not any(b"kim" in key for key in keys)


async def test_without_a_server_every_verb_says_so() -> None:
    client = redis_client("redis://127.0.0.1:1/0")
    told = RedisTold(client, "one", LEASE, KEPT)
    for verb in (told.take([uuid4().hex]), told.settle([uuid4().hex], [uuid4().hex])):
        with pytest.raises(DependencyUnavailable):
            await verb
    await client.aclose()
