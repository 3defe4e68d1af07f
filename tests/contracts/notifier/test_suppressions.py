"""The same cases for the suppression list in memory, which other tests rely on, and for the one in a real Valkey."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.domain.suppression import AddressHashes, Cause, Sighting, Suppression, SuppressionTerms
from shared.redis import RedisClient, redis_client
from shared.unavailable import DependencyUnavailable
from tests.unit.notifier.reports import FakeSuppressions
from tests.unit.shared.samples import private_ring
from tests.wait_until import wait_until

KIM: Final = "Kim@Customer.Example"
TERMS: Final = SuppressionTerms()
NOW: Final = datetime.now(UTC).replace(microsecond=0)
RING: Final = private_ring("s1")


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[RedisClient]:
    made = redis_client(redis_url)
    yield made
    await made.aclose()


Suppressions = RedisSuppressions | FakeSuppressions


@pytest.fixture(params=["fake", "valkey"])
def suppressions(request: pytest.FixtureRequest, client: RedisClient) -> Suppressions:
    if request.param == "fake":
        return FakeSuppressions(NOW, TERMS)
    return RedisSuppressions(client, AddressHashes(RING), TERMS)


async def test_an_address_that_nothing_is_known_of_is_mailed(suppressions: Suppressions) -> None:
    await suppressions.add("alex@customer.example", Cause.BOUNCED, NOW)
    assert await suppressions.of(KIM) is None


@pytest.mark.parametrize(
    ("cause", "life"),
    [
        (Cause.BOUNCED, timedelta(days=30)),
        (Cause.DROPPED, timedelta(days=7)),
        (Cause.SPAM_REPORT, timedelta(days=365)),
    ],
)
async def test_an_address_is_listed_with_its_cause_and_its_end(
    suppressions: Suppressions, cause: Cause, life: timedelta
) -> None:
    await suppressions.add(KIM, cause, NOW)
    assert await suppressions.of(KIM) == Suppression(cause, NOW, NOW + life)


async def test_it_is_the_same_address_however_it_is_written(suppressions: Suppressions) -> None:
    await suppressions.add(KIM, Cause.BOUNCED, NOW)
    assert await suppressions.of("kim@customer.example") is not None
    assert await suppressions.of("KIM@CUSTOMER.EXAMPLE") is not None
    assert await suppressions.of("kim@customer.example.org") is None


async def test_what_lasts_longer_stays_in_whatever_order_it_comes(suppressions: Suppressions) -> None:
    for cause in (Cause.BOUNCED, Cause.SPAM_REPORT, Cause.DROPPED):
        await suppressions.add(KIM, cause, NOW)
    await suppressions.add(KIM, Cause.SPAM_REPORT, NOW - timedelta(days=1))
    assert await suppressions.of(KIM) == Suppression(Cause.SPAM_REPORT, NOW, NOW + timedelta(days=365))


async def test_a_report_that_comes_after_its_end_lists_nothing(suppressions: Suppressions) -> None:
    await suppressions.add(KIM, Cause.DROPPED, NOW - timedelta(days=7, seconds=1))
    assert await suppressions.of(KIM) is None


async def test_a_cleared_address_is_mailed_again(suppressions: Suppressions) -> None:
    await suppressions.add(KIM, Cause.SPAM_REPORT, NOW)
    assert await suppressions.remove("kim@customer.example")
    assert await suppressions.of(KIM) is None
    assert not await suppressions.remove(KIM)


async def test_in_valkey_an_entry_ends_by_itself(client: RedisClient) -> None:
    short = SuppressionTerms(bounced=timedelta(seconds=1))
    suppressions = RedisSuppressions(client, AddressHashes(RING), short)
    await suppressions.add(KIM, Cause.BOUNCED, datetime.now(UTC))
    assert await suppressions.of(KIM) is not None

    async def is_over() -> bool:
        return await suppressions.of(KIM) is None

    await wait_until(is_over)
    assert await client.keys() == []


async def test_in_valkey_an_entry_outlives_a_change_of_keys_and_can_be_cleared_after_it(client: RedisClient) -> None:
    before = RedisSuppressions(client, AddressHashes(private_ring("s1")), TERMS)
    hashes = AddressHashes(private_ring("s1"))
    after = RedisSuppressions(client, hashes, TERMS)
    hashes.use(private_ring("s2", "s1"))
    await before.add(KIM, Cause.BOUNCED, NOW)
    assert await after.of(KIM) == Suppression(Cause.BOUNCED, NOW, NOW + TERMS.bounced)
    await after.add(KIM, Cause.SPAM_REPORT, NOW)
    assert (await after.of(KIM) or pytest.fail("not listed")).cause is Cause.SPAM_REPORT
    assert await after.remove(KIM)
    assert await before.of(KIM) is await after.of(KIM) is None


async def test_in_valkey_neither_a_key_nor_a_value_tells_the_address_to_who_has_not_the_hash_key(
    client: RedisClient,
) -> None:
    suppressions = RedisSuppressions(client, AddressHashes(RING), TERMS)
    await suppressions.add(KIM, Cause.BOUNCED, NOW)
    (key,) = await client.keys()
    kept = f"{key!r} {await client.get(key)!r}"
    assert "customer" not in kept.lower()
    assert AddressHashes(RING).current(KIM) in kept
    assert AddressHashes(private_ring("s2")).current(KIM) not in kept


async def test_of_a_batch_each_address_is_listed_with_its_own_cause(suppressions: Suppressions) -> None:
    causes = {f"user{n}@customer.example": cause for n, cause in enumerate([*Cause] * 100)}
    await suppressions.add_all([Sighting(address, cause, NOW) for address, cause in causes.items()])
    for address, cause in causes.items():
        assert await suppressions.of(address) == TERMS.suppression(cause, NOW)


async def test_without_a_server_every_verb_says_so() -> None:
    client = redis_client("redis://127.0.0.1:1/0")
    suppressions = RedisSuppressions(client, AddressHashes(RING), TERMS)
    for verb in (suppressions.of(KIM), suppressions.add(KIM, Cause.BOUNCED, NOW), suppressions.remove(KIM)):
        with pytest.raises(DependencyUnavailable):
            await verb
    await client.aclose()
