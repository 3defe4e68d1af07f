"""A challenge's end is noticed once, by whoever looks, and kept until it has been told."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from services.otp.adapters.redis_ends import AT_ONCE, LOOKED_AT, RedisEnds
from services.otp.adapters.redis_keys import SLOTS, ends_key, ids_of, slot_of
from services.otp.domain.challenge import ChallengeRef, End, Ended, Resend, State, Verdict
from services.otp.use_cases.tell_ends import TellEnds
from shared.events import ChallengeClosed
from shared.redis_script import Script, Scripts
from shared.unavailable import DependencyUnavailable
from tests.contracts.listening import listening
from tests.contracts.otp.timeline import CLOCK_LUA, LIFE, Timeline
from tests.wait_until import wait_until

LEASE, A_WHILE = timedelta(seconds=10), timedelta(hours=1)


async def test_a_challenge_that_nobody_answered_ends_as_it_expires(timeline: Timeline) -> None:
    challenge = await timeline.open()
    await timeline.wrong(challenge)
    assert await timeline.overdue() == []
    await timeline.passes(LIFE)
    ended = await timeline.overdue()

    assert ended == [Ended(challenge, End.EXPIRED, 1)]
    assert (await timeline.status(challenge)).state is State.EXPIRED
    await timeline.ends.forget(ended)
    await timeline.passes(A_WHILE)
    assert await timeline.overdue() == []


async def test_one_of_many_that_look_gets_it_and_another_if_it_is_not_told_in_time(timeline: Timeline) -> None:
    challenge = await timeline.open()
    await timeline.passes(LIFE)
    taken = [each for some in await asyncio.gather(*(timeline.overdue() for _ in range(10))) for each in some]
    await timeline.passes(LEASE)
    again = await timeline.overdue()

    assert taken == again == [Ended(challenge, End.EXPIRED, 0)]


async def test_what_a_code_ended_is_its_judges_to_tell_for_a_while(timeline: Timeline) -> None:
    verified, locked = await timeline.open(), await timeline.open()
    judged = [(await timeline.judge(verified)).ended, *[(await timeline.wrong(locked)).ended for _ in range(5)]]
    told = [ended for ended in judged if ended is not None]

    assert told == [Ended(verified, End.VERIFIED, 1), Ended(locked, End.LOCKED, 5)]
    assert await timeline.overdue() == []
    await timeline.ends.forget(told[:1])
    await timeline.passes(LEASE)
    assert await timeline.overdue() == told[1:]  # whose judge died
    await timeline.passes(A_WHILE)
    assert await timeline.overdue() == told[1:]  # once, though it would have expired by now as well


async def test_an_end_that_nobody_looked_for_in_an_hour_is_still_told(timeline: Timeline) -> None:
    challenge = await timeline.open()
    await timeline.passes(A_WHILE)

    assert await timeline.overdue() == [Ended(challenge, End.EXPIRED, None)]


async def test_what_has_expired_stays_so_when_the_clock_is_put_back(timeline: Timeline) -> None:
    challenge = await timeline.open()
    await timeline.passes(LIFE)
    assert await timeline.overdue() == [Ended(challenge, End.EXPIRED, 0)]
    await timeline.passes(-LIFE / 2)

    assert (await timeline.judge(challenge)).verdict is Verdict.EXPIRED
    assert (await timeline.resend(challenge)).result is Resend.EXPIRED
    status = await timeline.status(challenge)
    assert (status.state, status.attempts_remaining, len(status.mails)) == (State.EXPIRED, 5, 1)


async def test_a_challenge_that_got_no_code_has_no_end(timeline: Timeline) -> None:
    for _ in range(6):
        await timeline.challenged()
    await timeline.passes(LIFE)

    assert len(await timeline.overdue()) == 5


async def test_a_sweep_takes_up_all_that_is_due_however_many(on_redis: Timeline, redis: Redis) -> None:
    forgotten = [ChallengeRef(on_redis.account_id, uuid4()) for _ in range(5 * AT_ONCE + 1)]
    slot = ends_key(slot_of(on_redis.account_id))
    await redis.zadd(slot, {ids_of(challenge) + b"o": 0 for challenge in forgotten})
    found = await on_redis.overdue()
    assert {each.challenge for each in found} == set(forgotten)
    await on_redis.ends.forget(found)
    left = await redis.zcard(slot)

    assert left == 0


async def test_a_sweep_that_takes_longer_than_a_lease_tells_each_once(on_redis: Timeline, redis: Redis) -> None:
    forgotten = {ChallengeRef(on_redis.account_id, uuid4()) for _ in range(8 * AT_ONCE)}
    slot = ends_key(slot_of(on_redis.account_id))
    await redis.zadd(slot, {ids_of(challenge) + b"o": 0 for challenge in forgotten})
    told: list[UUID] = []

    async def slowly(events: Sequence[tuple[ChallengeClosed, Any]]) -> list[bool]:
        await on_redis.passes(LEASE / 3)
        told.extend(closed.challenge_id for closed, _ in events)
        return [True] * len(events)

    await TellEnds(on_redis.ends, slowly).sweep()
    left = await redis.zcard(slot)

    assert sorted(told) == sorted(challenge.challenge_id for challenge in forgotten)
    assert left == 0


async def test_who_waits_hears_of_an_end_that_a_sweep_took_up(on_redis: Timeline, redis: Redis) -> None:
    challenge = await on_redis.open()
    async with listening(redis) as changes, changes.watch(challenge) as changed:
        await wait_until(changed.is_set)  # the confirmation: look now
        changed.clear()
        await on_redis.passes(LIFE)
        assert await on_redis.overdue() == [Ended(challenge, End.EXPIRED, 0)]
        await wait_until(changed.is_set)


async def test_a_node_that_is_away_keeps_no_other_end_from_being_told(on_redis: Timeline, redis: Redis) -> None:
    challenge, slot = await on_redis.open(), slot_of(on_redis.account_id)
    away = (slot + 1) % SLOTS

    class PartlyAway(Script):
        async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
            if keys == [ends_key(away)]:
                raise DependencyUnavailable("redis")
            return await super().__call__(keys, args)

    script = partial(PartlyAway, Scripts(redis))
    ends = RedisEnds(script, script, [away, slot], CLOCK_LUA)
    await on_redis.passes(LIFE)
    found: list[Ended] = []

    async def look() -> None:
        async for some in ends.overdue():
            found.extend(some)

    with pytest.raises(DependencyUnavailable):  # and it says so
        await look()

    assert found == [Ended(challenge, End.EXPIRED, 0)]


async def test_what_nobody_understands_among_the_ends_keeps_no_other_from_being_told(
    on_redis: Timeline, redis: Redis
) -> None:
    challenge = await on_redis.open()
    odd: dict[bytes, float] = {b"x" * 32 + b"z%d" % number: 0.0 for number in range(2 * LOOKED_AT)} | {b"junk": 0.0}
    await redis.zadd(ends_key(slot_of(on_redis.account_id)), odd)
    await on_redis.passes(LIFE)
    found = await asyncio.wait_for(on_redis.overdue(), 5)

    assert found == [Ended(challenge, End.EXPIRED, 0)]
