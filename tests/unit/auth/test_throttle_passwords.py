"""Only failures cost, nobody can lock out anybody, and Redis away opens no door."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address
from uuid import uuid4

import pytest

from services.auth.adapters.memory_throttle import MemoryThrottle
from services.auth.domain.client_address import Address
from services.auth.domain.gcra import Bucket, Limit
from services.auth.use_cases.throttle_passwords import Admitted, Limits, Throttled, ThrottlePasswords
from shared.unavailable import DependencyUnavailable

LIMITS = Limits(Limit(10, 60_000), Limit(100, 3_000), Limit(10, 60_000))
HOME, CAFE = ip_address("192.0.2.1"), ip_address("198.51.100.7")
LAPTOP = uuid4()


class Stopwatch:
    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> int:
        return self.ms


class Redis(MemoryThrottle):
    """Stands in for the store of all instances. `seen` are the keys that it was asked about."""

    down = False

    def __init__(self, now_ms: Stopwatch) -> None:
        super().__init__(now_ms)
        self.seen: set[str] = set()

    async def take(self, buckets: Sequence[Bucket]) -> int:
        self.seen |= {bucket.key for bucket in buckets}
        if self.down:
            raise DependencyUnavailable("redis")
        return await super().take(buckets)

    async def give_back(self, buckets: Sequence[Bucket]) -> None:
        if self.down:
            raise DependencyUnavailable("redis")
        await super().give_back(buckets)


@pytest.fixture
def clock() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def redis(clock: Stopwatch) -> Redis:
    return Redis(clock)


@pytest.fixture
def throttle(clock: Stopwatch, redis: Redis) -> ThrottlePasswords:
    return ThrottlePasswords(redis, MemoryThrottle(clock), LIMITS, b"secret")


def addresses(count: int, start: str = "203.0.113.1") -> list[Address]:
    return [ip_address(start) + place for place in range(count)]


async def fail(throttle: ThrottlePasswords, times: int, account: str, address: Address | None) -> int:
    """How many of so many wrong passwords were looked at."""
    results = [await throttle.admit(account, address, None) for _ in range(times)]
    return sum(isinstance(result, Admitted) for result in results)


async def test_after_ten_wrong_passwords_there_is_one_a_minute(throttle: ThrottlePasswords, clock: Stopwatch) -> None:
    assert await fail(throttle, 15, "kim", HOME) == 10
    assert await throttle.admit("kim", HOME, None) == Throttled(60)
    clock.ms += 59_001
    assert await throttle.admit("kim", HOME, None) == Throttled(1)
    clock.ms += 999
    assert isinstance(await throttle.admit("kim", HOME, None), Admitted)
    assert await throttle.admit("kim", HOME, None) == Throttled(60)


async def test_right_passwords_cost_nothing(throttle: ThrottlePasswords, redis: Redis) -> None:
    for account in range(500):
        admitted = await throttle.admit(f"colleague-{account % 20}", HOME, None)
        assert isinstance(admitted, Admitted)
        await throttle.succeeded(admitted)

    assert len(redis) == 0


async def test_of_many_at_once_no_more_are_looked_at_than_one_after_another(throttle: ThrottlePasswords) -> None:
    results = await asyncio.gather(*(throttle.admit("kim", HOME, None) for _ in range(40)))

    assert sum(isinstance(result, Admitted) for result in results) == 10


async def test_a_thousand_wrong_passwords_from_fifty_addresses_do_not_keep_the_owner_out(
    throttle: ThrottlePasswords,
) -> None:
    looked_at = [await fail(throttle, 20, "kim", attacker) for attacker in addresses(50)]

    assert looked_at == [10] * 50
    assert isinstance(await throttle.admit("kim", HOME, None), Admitted)


async def test_from_a_flooded_address_the_owner_gets_in_with_his_device_and_nobody_else_does(
    throttle: ThrottlePasswords,
) -> None:
    for account in range(50):
        await fail(throttle, 20, f"victim-{account}", CAFE)
    await fail(throttle, 20, "kim", CAFE)

    assert isinstance(await throttle.admit("kim", CAFE, LAPTOP), Admitted)
    assert isinstance(await throttle.admit("kim", CAFE, None), Throttled)
    assert isinstance(await throttle.admit("lee", CAFE, None), Throttled)
    assert isinstance(await throttle.admit("lee", HOME, None), Admitted)


async def test_an_address_has_a_hundred_for_all_names_together(throttle: ThrottlePasswords, clock: Stopwatch) -> None:
    assert sum([await fail(throttle, 1, f"name-{place}", CAFE) for place in range(200)]) == 100
    assert await throttle.admit("somebody", CAFE, None) == Throttled(3)
    clock.ms += 3_000
    assert await fail(throttle, 2, "somebody", CAFE) == 1


async def test_a_stolen_device_token_gets_ten_guesses_too(throttle: ThrottlePasswords) -> None:
    results = [await throttle.admit("kim", address, LAPTOP) for address in addresses(30)]

    assert sum(isinstance(result, Admitted) for result in results) == 10
    assert isinstance(await throttle.admit("kim", HOME, uuid4()), Admitted)  # another device of hers


async def test_what_was_refused_for_the_address_cost_the_account_nothing(
    throttle: ThrottlePasswords, clock: Stopwatch
) -> None:
    for account in range(10):
        await fail(throttle, 10, f"victim-{account}", CAFE)
    assert await fail(throttle, 50, "kim", CAFE) == 0
    clock.ms += 30_000  # ten more for the address

    assert await fail(throttle, 20, "kim", CAFE) == 10


async def test_all_addresses_of_one_subscriber_are_one(throttle: ThrottlePasswords) -> None:
    hopping = [await throttle.admit("kim", address, None) for address in addresses(20, "2001:db8::1")]

    assert sum(isinstance(result, Admitted) for result in hopping) == 10
    assert isinstance(await throttle.admit("kim", ip_address("2001:db8:0:1::1"), None), Admitted)


async def test_without_an_address_all_count_as_one(throttle: ThrottlePasswords) -> None:
    assert await fail(throttle, 20, "kim", None) == 10
    assert isinstance(await throttle.admit("kim", HOME, None), Admitted)


async def test_while_redis_is_away_this_process_counts_with_half_the_burst(
    throttle: ThrottlePasswords, redis: Redis, clock: Stopwatch
) -> None:
    redis.down = True
    assert await fail(throttle, 20, "kim", HOME) == 5
    assert await throttle.admit("kim", HOME, None) == Throttled(60)
    admitted = await throttle.admit("lee", HOME, None)
    assert isinstance(admitted, Admitted)
    redis.down = False
    await throttle.succeeded(admitted)  # to where it was taken from

    redis.down = True
    assert await fail(throttle, 20, "lee", HOME) == 5


async def test_a_login_does_not_fail_because_its_try_cannot_be_given_back(
    throttle: ThrottlePasswords, redis: Redis
) -> None:
    admitted = await throttle.admit("kim", HOME, None)
    assert isinstance(admitted, Admitted)
    redis.down = True
    await throttle.succeeded(admitted)
    redis.down = False

    assert await fail(throttle, 20, "kim", HOME) == 9  # it cost one


async def test_the_keys_name_nobody_and_cannot_be_guessed_without_the_secret(
    throttle: ThrottlePasswords, redis: Redis, clock: Stopwatch
) -> None:
    await throttle.admit("kim@customer.example", HOME, None)
    await throttle.admit("kim@customer.example", HOME, LAPTOP)
    other = Redis(clock)
    await ThrottlePasswords(other, MemoryThrottle(clock), LIMITS, b"other").admit("kim@customer.example", HOME, None)
    text = " ".join(redis.seen)

    assert len(redis.seen) == 3
    assert not any(part in text for part in ("kim", "192.0.2", str(LAPTOP)))
    assert not redis.seen & other.seen
