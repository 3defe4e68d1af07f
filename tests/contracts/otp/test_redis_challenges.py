"""What only Redis can get wrong: what lies in it, for how long, and what happens when it forgets or is not there."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from deploy.local.ports import free_port
from deploy.local.valkey import Valkey
from services.otp.adapters.redis_challenges import OUTLIVES_MS, RedisChallenges
from services.otp.adapters.redis_keys import challenge_keys
from services.otp.domain.challenge import ChallengeRef, Verdict
from shared.keyring import encode
from shared.redis_fit import RedisFit
from shared.redis_script import Script, Scripts
from shared.unavailable import DependencyUnavailable
from tests.contracts.otp.test_challenges import LIMITS, MOST, WRONG, issue, judge, new_challenge, redis_store, soon
from tests.redis_at import redis_at


@pytest.fixture
def store(redis: Redis) -> RedisChallenges:
    return redis_store(redis)


async def everything(redis: Redis) -> bytes:
    """All keys and all that lies under them."""
    dump = b""
    async for key in redis.scan_iter("*"):
        kind: Any = await redis.type(key)
        whole: Any = {b"hash": redis.hgetall, b"zset": partial(redis.zrange, start=0, end=-1), b"string": redis.get}
        found = await whole[kind](key)
        dump += key + (found if kind == b"string" else b" ".join(found))
        dump += b" ".join(found.values()) if kind == b"hash" else b""
    return dump


async def test_no_code_lies_in_redis_in_any_form_that_can_be_read(redis: Redis, store: RedisChallenges) -> None:
    challenge = new_challenge()
    await issue(store, challenge, "402817")
    await judge(store, challenge, "402818")
    dump = await everything(redis)

    assert encode(challenge.challenge_id.bytes).encode() in dump
    assert b"402817" not in dump
    assert b"402818" not in dump
    assert b"817204" not in dump


async def test_a_code_that_is_used_up_is_deleted(redis: Redis, store: RedisChallenges) -> None:
    used, locked = new_challenge(), new_challenge()
    for challenge in (used, locked):
        await issue(store, challenge)
    await judge(store, used)
    for _ in range(MOST):
        await judge(store, locked, WRONG)

    for challenge in (used, locked):
        fields: Any = await redis.hkeys(key_of(challenge))
        assert {b"m", b"c"} & set(fields) == set()


async def test_every_key_ends_soon_after_its_challenge_whatever_happens_to_it(
    redis: Redis, store: RedisChallenges
) -> None:
    challenge = new_challenge()
    await issue(store, challenge, expires_at=soon(600))
    await judge(store, challenge, WRONG)
    await store.record_delivery(challenge, 0, 2, soon(0))
    await judge(store, challenge)
    key, account, ends = challenge_keys(challenge)

    assert {key async for key in redis.scan_iter("*")} == {key.encode(), account.encode(), ends.encode()}
    assert 600_000 < await redis.pttl(key) <= 600_000 + OUTLIVES_MS
    assert await redis.pttl(account) > 0
    assert len(await redis.zrange(ends, 0, -1)) == 1  # which goes when it has been told


async def test_asking_about_a_challenge_that_is_not_there_leaves_nothing(redis: Redis, store: RedisChallenges) -> None:
    challenge = new_challenge()
    await judge(store, challenge)
    await store.status(challenge, LIMITS)
    await store.record_delivery(challenge, 0, 2, soon(0))
    await issue(store, challenge, expires_at=soon(-1))

    assert await redis.dbsize() == 0


async def test_all_keys_of_an_account_share_a_slot(redis: Redis, store: RedisChallenges) -> None:
    one = new_challenge()
    other = ChallengeRef(one.account_id, uuid4())
    for challenge in (one, other):
        await issue(store, challenge)
        await judge(store, challenge, WRONG)
    keys = [key async for key in redis.scan_iter("*")]

    assert len(keys) == 4
    assert len({key.partition(b"}")[0] for key in keys}) == 1


async def test_scripts_that_redis_forgot_are_loaded_again(redis: Redis, store: RedisChallenges) -> None:
    challenge = new_challenge()
    await issue(store, challenge)
    await redis.script_flush()
    assert (await judge(store, challenge, WRONG)).attempts_remaining == 4  # counted once, not twice
    await redis.script_flush()
    assert await store.status(challenge, LIMITS) is not None
    await redis.script_flush()
    await store.record_delivery(challenge, 0, 2, soon(0))
    await redis.script_flush()

    assert await issue(store, challenge) is not None


class Astray(Script):
    """A script whose answer is that of another call, as after CVE-2023-28858."""

    async def __call__(self, *_: Any, **__: Any) -> list[bytes]:
        return [uuid4().bytes, b"verified", b"4"]


async def test_the_answer_to_another_question_is_no_answer(redis: Redis) -> None:
    store = redis_store(redis)
    store._judge = Astray(Scripts(redis), "return {}")

    with pytest.raises(DependencyUnavailable):
        await judge(store, new_challenge())


async def test_while_redis_is_away_every_verb_says_so_and_afterwards_nothing_is_forgotten(
    server_directory: Path,
) -> None:
    server = Valkey(server_directory / "redis-own", free_port(), server_directory / "logs" / "redis-own")
    server.start()
    client = redis_at(server.url)
    # `everysec` puts off a write while an fsync is under way, up to 2 s; kill -9 then loses it.
    await client.config_set("appendfsync", "always")
    store, challenge = redis_store(client), new_challenge()
    await issue(store, challenge)
    await judge(store, challenge, WRONG)
    server.kill()

    for verb in (
        issue(store, challenge),
        judge(store, challenge),
        store.status(challenge, LIMITS),
        store.record_delivery(challenge, 0, 2, soon(0)),
    ):
        with pytest.raises(DependencyUnavailable) as caught:
            await verb
        assert caught.value.dependency == "redis"
    with pytest.raises(DependencyUnavailable):
        await RedisFit(client)()

    server.start()
    assert await RedisFit(client)()
    judgement = await judge(store, challenge)
    await client.aclose()
    server.close()
    assert (judgement.verdict, judgement.attempts_remaining) == (Verdict.VERIFIED, 3)  # no fresh budget


async def test_after_a_restart_no_old_connection_fails_a_call_that_readiness_let_in(
    server_directory: Path,
) -> None:
    server = Valkey(server_directory / "redis-restarted", free_port(), server_directory / "logs" / "redis-restarted")
    server.start()
    client = redis_at(server.url)
    store, challenge = redis_store(client), new_challenge()
    await issue(store, challenge)
    server.pause()
    calls = []
    for _ in range(20):  # those of one moment would share a connection
        calls.append(asyncio.create_task(store.status(challenge, LIMITS)))
        await asyncio.sleep(0.01)
    server.resume()
    await asyncio.gather(*calls)
    assert len(await client.client_list()) >= 20  # so many connections are kept: none waits for another
    server.restart()
    with suppress(DependencyUnavailable):
        await RedisFit(client)()

    found = await asyncio.gather(*(store.status(challenge, LIMITS) for _ in range(20)))
    assert None not in found
    await client.aclose()
    server.close()


async def test_a_redis_that_hangs_is_given_up(server_directory: Path) -> None:
    server = Valkey(server_directory / "redis-hung", free_port(), server_directory / "logs" / "redis-hung")
    server.start()
    client = redis_at(server.url)
    store, challenge = redis_store(client), new_challenge()
    await issue(store, challenge)
    server.pause()
    with pytest.raises(DependencyUnavailable):
        await judge(store, challenge)
    server.resume()

    assert (await judge(store, challenge)).verdict in (Verdict.VERIFIED, Verdict.USED)
    await client.aclose()
    server.close()


def key_of(challenge: ChallengeRef) -> str:
    return challenge_keys(challenge)[0]
