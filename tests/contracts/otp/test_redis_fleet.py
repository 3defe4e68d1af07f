"""The fleet breaker over several instances on a real Valkey: one state, one flip, no lost event."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from deploy.local.ports import free_port
from deploy.local.valkey import Valkey
from services.otp.adapters.redis_fleet import KEPT_MS, KEYS, RedisFleet
from services.otp.domain.challenge import Verdict
from services.otp.domain.fleet_breaker import Band, Reading
from services.otp.use_cases.watch_wrong_codes import WatchWrongCodes
from shared.events import CodeLengthChanged, Event
from shared.redis_script import Scripts
from shared.unavailable import DependencyUnavailable
from tests.fakes import Publisher
from tests.redis_at import redis_at
from tests.wait_until import wait_until

# As in production but 300 times as fast.
BAND = Band(timedelta(seconds=1), least=20, high=0.5, low=0.25)
SLOT = timedelta(seconds=0.05)


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


Start = Callable[[], WatchWrongCodes]


@pytest.fixture
def start(redis: Redis, publisher: Publisher) -> Start:
    """Another instance."""
    return lambda: WatchWrongCodes(fleet(redis), BAND, 6, publisher.publish)


def fleet(redis: Redis, band: Band = BAND) -> RedisFleet:
    return RedisFleet(Scripts(redis).script, band.window, SLOT)


def judged(instance: WatchWrongCodes, wrong: int, verified: int = 0) -> None:
    for verdict, codes in ((Verdict.WRONG, wrong), (Verdict.VERIFIED, verified)):
        for _ in range(codes):
            instance.count(verdict)


async def all_of(instances: list[WatchWrongCodes]) -> list[int]:
    """The code length of each, once each has asked."""
    await asyncio.gather(*(instance() for instance in instances))
    return [instance.digits() for instance in instances]


def lengths(publisher: Publisher) -> list[int]:
    return [event.digits for event in publisher.events if isinstance(event, CodeLengthChanged)]


async def test_what_each_of_ten_instances_finds_harmless_trips_all_of_them_once(
    start: Start, publisher: Publisher
) -> None:
    instances = [start() for _ in range(10)]
    for instance in instances:
        judged(instance, wrong=3, verified=1)
    await all_of(instances)

    assert await all_of(instances) == [8] * 10
    (event,) = publisher.events
    assert isinstance(event, CodeLengthChanged)
    assert (event.digits, event.window_s) == (8, 1)
    assert event.wrong / event.judged >= 0.5
    assert event.judged >= 20


async def test_of_50_instances_that_see_the_storm_at_once_one_flips(redis: Redis) -> None:
    stores = [fleet(redis) for _ in range(50)]
    await stores[0].tally(wrong=30, verified=0)
    readings = [(await store.tally(0, 0)).reading for store in stores]
    won = await asyncio.gather(
        *(store.flip(seen, change_at(seen)) for store, seen in zip(stores, readings, strict=True))
    )

    assert sum(won) == 1
    assert len((await stores[0].tally(0, 0)).unpublished) == 1


def change_at(seen: Reading) -> CodeLengthChanged:
    return CodeLengthChanged(digits=8, wrong=seen.wrong, judged=seen.judged, window_s=1, at=seen.at)


async def test_only_codes_that_were_looked_at_count(start: Start, redis: Redis) -> None:
    instance = start()
    for verdict in Verdict:
        instance.count(verdict)
    await instance()
    reading = (await fleet(redis).tally(0, 0)).reading

    assert (reading.wrong, reading.verified) == (1, 1)


async def test_it_falls_back_once_a_window_has_passed_without_the_storm(start: Start, publisher: Publisher) -> None:
    one, other = start(), start()
    judged(one, wrong=40)
    await one()
    assert one.digits() == 8
    judged(one, wrong=0, verified=400)  # a share of 9 %, but the window is that of the storm
    assert await all_of([one, other]) == [8, 8]

    async def back() -> bool:
        return await all_of([one, other]) == [6, 6]

    await wait_until(back)
    assert lengths(publisher) == [8, 6]
    first, second = publisher.events
    assert isinstance(first, CodeLengthChanged)
    assert isinstance(second, CodeLengthChanged)
    assert second.at - first.at >= BAND.window


async def test_it_stays_while_a_third_of_the_codes_are_wrong(start: Start, redis: Redis) -> None:
    instance = start()
    judged(instance, wrong=40)
    await instance()
    began = (await fleet(redis).tally(0, 0)).reading.at

    async def three_windows_later() -> bool:
        judged(instance, wrong=1, verified=2)
        await instance()
        assert instance.digits() == 8
        return (await fleet(redis).tally(0, 0)).reading.at - began > 3 * BAND.window

    await wait_until(three_windows_later)


async def test_codes_older_than_the_window_count_no_longer_and_take_no_room(redis: Redis) -> None:
    store = fleet(redis)
    await store.tally(wrong=15, verified=5)

    async def forgotten() -> bool:
        return (await store.tally(0, 0)).reading.judged == 0

    await wait_until(forgotten)
    assert await redis.hlen(KEYS[0]) == 0


async def test_an_instance_that_starts_in_the_storm_knows_it_at_once(start: Start) -> None:
    first = start()
    judged(first, wrong=40)
    await first()
    late = start()
    assert late.digits() == 6
    await late()

    assert late.digits() == 8


async def test_a_flip_whose_instance_died_before_it_could_tell_is_told_by_another(
    start: Start, publisher: Publisher, redis: Redis
) -> None:
    dying = start()
    publisher.down = True
    judged(dying, wrong=40)
    with pytest.raises(DependencyUnavailable):
        await dying()
    assert dying.digits() == 8  # whether or not Kafka is there
    (untold,) = (await fleet(redis).tally(0, 0)).unpublished
    publisher.down = False
    await all_of([start()])
    await all_of([start()])

    assert [event.id for event in publisher.events] == [untold.id]
    assert (await fleet(redis).tally(0, 0)).unpublished == []


async def test_one_that_died_after_it_had_told_leaves_the_same_event_to_be_told_again(
    start: Start, publisher: Publisher, redis: Redis
) -> None:
    class Dying(RedisFleet):
        async def published(self, change: CodeLengthChanged) -> None:
            raise DependencyUnavailable("redis")

    dying = WatchWrongCodes(Dying(Scripts(redis).script, BAND.window, SLOT), BAND, 6, publisher.publish)
    judged(dying, wrong=40)
    with pytest.raises(DependencyUnavailable):
        await dying()
    await start()()
    told: list[Event] = publisher.events

    assert len(told) == 2
    assert told[0] == told[1]
    assert told[0].id == told[1].id


async def test_changes_that_kafka_could_not_take_are_told_in_their_order(start: Start, publisher: Publisher) -> None:
    instance = start()
    publisher.down = True
    judged(instance, wrong=40)
    with pytest.raises(DependencyUnavailable):
        await instance()

    async def back() -> bool:
        with pytest.raises(DependencyUnavailable):
            await instance()
        return instance.digits() == 6

    await wait_until(back)
    publisher.down = False
    await instance()

    assert lengths(publisher) == [8, 6]


async def test_who_has_8_digits_anyway_keeps_them(redis: Redis, publisher: Publisher) -> None:
    instance = WatchWrongCodes(fleet(redis), BAND, 8, publisher.publish)
    judged(instance, wrong=40)
    await instance()

    assert instance.digits() == 8
    assert lengths(publisher) == [8]  # the alarm all the same


async def test_its_keys_share_a_slot_and_end_by_themselves(redis: Redis) -> None:
    store = fleet(redis)
    seen = (await store.tally(wrong=40, verified=0)).reading
    await store.flip(seen, change_at(seen))
    keys = [key async for key in redis.scan_iter("*")]

    assert sorted(keys) == sorted(key.encode() for key in KEYS)
    assert len({key_slot(key) for key in keys}) == 1
    for key in keys:
        assert 0 < await redis.pttl(key) <= KEPT_MS


async def test_while_redis_is_away_the_last_word_holds_and_little_is_lost(server_directory: Path) -> None:
    server = Valkey(server_directory / "redis-fleet", free_port(), server_directory / "logs" / "redis-fleet")
    server.start()
    client, publisher = redis_at(server.url), Publisher()
    await client.config_set("appendfsync", "always")
    calm = Band(timedelta(minutes=5), least=20)
    instance = WatchWrongCodes(fleet(client, calm), calm, 6, publisher.publish)
    judged(instance, wrong=40)
    await instance()
    server.kill()
    judged(instance, wrong=1_000)
    with pytest.raises(DependencyUnavailable):
        await instance()
    assert instance.digits() == 8
    judged(instance, wrong=3)
    await asyncio.to_thread(server.start)
    await instance()

    reading = (await fleet(client, calm).tally(0, 0)).reading
    assert (reading.raised, reading.wrong) == (True, 43)  # the 1,000 may have arrived or not; they do not count twice
    await client.aclose()
    server.close()


async def test_a_change_that_this_version_cannot_read_keeps_it_from_nothing(start: Start, redis: Redis) -> None:
    await redis.rpush("{otp-fleet}:changes", b'{"of": "a later version"}')
    instance = start()
    judged(instance, 40)

    assert await all_of([instance]) == [8]
