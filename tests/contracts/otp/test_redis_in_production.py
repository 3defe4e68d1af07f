"""Challenges on Redis as it is in production: spread over nodes, failed over, cut off, full. All servers are real."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import Connection, ConnectionPool

from deploy.local.valkey import Valkey
from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.adapters.redis_ends import RedisEnds
from services.otp.adapters.redis_keys import challenge_keys, ends_key, slot_of
from services.otp.domain.challenge import ChallengeRef, End, Ended, Resend, State, Verdict
from services.otp.use_cases.issue_passcode import Issued
from shared.redis import CALL_TIMEOUT_S, RedisClient
from shared.redis_fit import RedisFit
from shared.redis_script import Script, Scripts
from shared.unavailable import DependencyUnavailable
from tests.contracts.conftest import Connect
from tests.contracts.listening import listening
from tests.contracts.otp.test_challenges import CLIENT, LIMITS, MOST, WRONG, issue, judge, new_challenge, soon
from tests.redis_servers import ask, follow, valkey_at, valkey_cluster, watched_pair
from tests.tcp_proxy import TcpProxy
from tests.wait_until import wait_until

A_MOMENT_MORE_S: Final = 0.5


def store_on(client: RedisClient, replicas: int = 0) -> RedisChallenges:
    return RedisChallenges(Scripts(client, replicas).script)


def ends_on(client: RedisClient) -> RedisEnds:
    script = Scripts(client).script
    return RedisEnds(script, script)


async def verdict(store: RedisChallenges, challenge: ChallengeRef, code: str) -> Verdict | None:
    """None when it was not given; that is said soon."""
    started = time.monotonic()
    try:
        return (await judge(store, challenge, code)).verdict
    except DependencyUnavailable:
        return None
    finally:
        assert time.monotonic() - started < CALL_TIMEOUT_S + A_MOMENT_MORE_S


async def issued(store: RedisChallenges, count: int, account_id: UUID | None = None) -> list[ChallengeRef]:
    made = [ChallengeRef(account_id or uuid4(), uuid4()) for _ in range(count)]
    for challenge in made:
        assert isinstance(await issue(store, challenge, "402817"), Issued)
    return made


# --- a cluster of three nodes


async def test_every_verb_works_wherever_in_a_cluster_the_account_lies(
    server_directory: Path, connect: Connect
) -> None:
    async with valkey_cluster(server_directory / "otp-cluster") as cluster:
        client = connect(cluster.url)
        store, ends = store_on(client), ends_on(client)
        those = await issued(store, 40)
        assert all([await ask(server, "DBSIZE") >= 5 for server in cluster.primaries])

        async with listening(client) as changes:
            for challenge in those:
                async with changes.watch(challenge) as changed:
                    await store.record_delivery(challenge, 0, 6, soon(0))
                    async with asyncio.timeout(5):
                        await changed.wait()
        for challenge in those:
            assert (await judge(store, challenge, WRONG)).attempts_remaining == MOST - 1
            assert (await store.resend(challenge, CLIENT, LIMITS)).result is Resend.TOO_SOON
            await store.unlock(challenge.account_id)
            assert (await judge(store, challenge)).verdict is Verdict.VERIFIED
            status = await store.status(challenge, LIMITS)
            assert status is not None
            assert status.state is State.VERIFIED

        short = [new_challenge() for _ in range(20)]
        for challenge in short:
            await issue(store, challenge, expires_at=soon(0.3))
        told: set[ChallengeRef] = set()

        async def all_told() -> bool:
            async for some in ends.overdue():
                told.update(ended.challenge for ended in some)
                await ends.forget(some)
            return told >= set(short)

        await wait_until(all_told)


async def test_a_node_that_hangs_keeps_the_ends_of_the_others_waiting_once(
    server_directory: Path, connect: Connect
) -> None:
    """It has 85 slots or so, and each would take seconds."""
    async with valkey_cluster(server_directory / "otp-hung") as cluster:
        for server in cluster.primaries:
            await ask(server, "CONFIG", "SET", "cluster-require-full-coverage", "no")
        client = connect(cluster.url)
        store, ends = store_on(client), ends_on(client)
        those = [new_challenge() for _ in range(60)]
        for challenge in those:
            await issue(store, challenge, expires_at=soon(0.5))
        hung = cluster.primaries[0]
        there = {challenge for challenge in those if owner_port(client, challenge) != hung.port}
        assert 0 < len(there) < len(those)
        hung.pause()
        told: dict[ChallengeRef, Ended] = {}

        async def look() -> bool:
            with suppress(DependencyUnavailable):
                async for some in ends.overdue():
                    told.update({ended.challenge: ended for ended in some})
            return told.keys() >= there

        await wait_until(look, within_s=30)
        elsewhere = [Ended(challenge, End.EXPIRED, 0) for challenge in those if challenge not in there]
        async with asyncio.timeout(30):
            with pytest.raises(DependencyUnavailable):
                await ends.forget([*elsewhere, *told.values()])
        left = [await client.zcard(ends_key(slot_of(challenge.account_id))) for challenge in there]
        hung.resume()

    assert told.keys() == there
    assert left == [0] * len(there)


def owner_port(client: RedisClient, challenge: ChallengeRef) -> int:
    assert isinstance(client, RedisCluster)
    node = client.get_node_from_key(challenge_keys(challenge)[0])
    assert node is not None
    return int(node.port)


# --- failover


@pytest.mark.parametrize("replicas", [1, 0])
async def test_a_guess_that_no_replica_holds_is_never_told(
    server_directory: Path, replicas: int, connect: Connect
) -> None:
    """Killed between counting and replicating. Without the wait (0) all 15 guesses are told, and 15 more after it."""
    directory = server_directory / f"otp-lost-{replicas}"
    async with valkey_at(directory / "a") as primary, valkey_at(directory / "b") as replica:
        async with TcpProxy(primary.port or 0) as link:
            await follow(replica, link.port)
            client, account = connect(primary.url), uuid4()
            store = store_on(client, replicas)
            those = await issued(store, 20, account)
            link.hold()
            told = await asyncio.gather(*(verdict(store, challenge, WRONG) for challenge in those))
            primary.kill()
        await ask(replica, "REPLICAOF", "NO", "ONE")
        client = connect(replica.url)
        store = store_on(client)
        assert {await verdict(store, challenge, "402817") for challenge in those} == {Verdict.VOID}
        again = [await verdict(store, challenge, WRONG) for challenge in await issued(store, 20, account)]

    looked_at = [*told, *again].count(Verdict.WRONG)
    assert looked_at == (LIMITS.wrong_per_day if replicas else 2 * LIMITS.wrong_per_day)


async def test_what_was_told_is_kept_and_what_was_issued_before_a_failover_is_void(
    server_directory: Path, connect: Connect
) -> None:
    directory = server_directory / "otp-void"
    async with valkey_at(directory / "a") as primary, valkey_at(directory / "b") as replica:
        await follow(replica, primary.port or 0)
        client, account = connect(primary.url), uuid4()
        store = store_on(client, replicas=1)
        used, still_open, *more = await issued(store, 12, account)
        assert await verdict(store, used, "402817") is Verdict.VERIFIED
        assert {await verdict(store, challenge, WRONG) for challenge in more} == {Verdict.WRONG}
        primary.kill()
        await ask(replica, "REPLICAOF", "NO", "ONE")

        client = connect(replica.url)
        store = store_on(client)
        assert await verdict(store, used, "402817") is Verdict.USED
        assert await verdict(store, still_open, "402817") is Verdict.VOID
        status = await store.status(still_open, LIMITS)
        assert status is not None
        assert status.state is State.VOID
        assert (await store.resend(still_open, CLIENT, LIMITS)).result is Resend.VOID
        assert await issue(store, still_open) is None  # its event comes again: nothing is mailed
        after = [await verdict(store, challenge, WRONG) for challenge in await issued(store, 6, account)]
        assert after == [Verdict.WRONG] * 5 + [Verdict.ACCOUNT_LOCKED]  # 10 before it, 5 more, none fresh


async def test_a_verdict_waits_for_a_replica_that_hangs_and_is_given_once_it_answers(
    server_directory: Path, connect: Connect
) -> None:
    directory = server_directory / "otp-wait"
    async with valkey_at(directory / "a") as primary, valkey_at(directory / "b") as replica:
        await follow(replica, primary.port or 0)
        client = connect(primary.url)
        store = store_on(client, replicas=1)
        right, wrong, other = await issued(store, 3)
        replica.pause()
        assert [await verdict(store, right, "402817"), await verdict(store, wrong, WRONG)] == [None, None]
        with pytest.raises(DependencyUnavailable):
            await store.status(wrong, LIMITS)
        mailed = new_challenge()
        with pytest.raises(DependencyUnavailable):
            await issue(store, mailed)

        def newcomer() -> RedisChallenges:
            """Has written nothing that a replica could lack."""
            return store_on(connect(primary.url), replicas=1)

        verbs: list[Awaitable[object]] = [issue(newcomer(), mailed)]  # its event comes again
        for each in (right, wrong):
            verbs += judge(newcomer(), each, "402817"), newcomer().resend(each, CLIENT, LIMITS)
            verbs += [newcomer().status(each, LIMITS)]
        assert {type(each) for each in await asyncio.gather(*verbs, return_exceptions=True)} == {DependencyUnavailable}
        assert await verdict(store_on(client), other, WRONG) is Verdict.WRONG  # nothing else keeps it back
        replica.resume()

        assert await verdict(store, right, "402817") is Verdict.USED
        # The first was counted and not told, as the newcomer's right one was.
        assert await verdict(store, wrong, WRONG) is Verdict.USED


async def test_a_failover_by_sentinels_amid_guessing_gives_not_one_guess_more(
    server_directory: Path, connect: Connect
) -> None:
    async with watched_pair(server_directory / "otp-sentinels") as watched:
        client, account = connect(watched.url), uuid4()
        store = store_on(client, replicas=1)
        told = [await verdict(store, challenge, WRONG) for challenge in await issued(store, 9, account)]
        (last,) = await issued(store, 1, account)
        watched.primary.kill()
        told.append(await verdict(store, last, WRONG))
        assert told == [Verdict.WRONG] * 9 + [None]

        store = store_on(client)  # the new primary has no replica yet

        async def recovered() -> bool:
            return await verdict(store, last, WRONG) is Verdict.VOID

        await wait_until(recovered, within_s=30)
        after = [await verdict(store, challenge, WRONG) for challenge in await issued(store, 8, account)]
        assert after.count(Verdict.WRONG) == LIMITS.wrong_per_day - 9


# --- cancelled, delayed, cut off


class Leaky(Connection):
    """Stays in use when its reader is cancelled, as before CVE-2023-28858 was repaired: the next reads that reply."""

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        return await super().read_response(*args, **{**kwargs, "disconnect_on_error": False})


class EachByItself(Scripts):
    """Who calls waits for Redis: cancelled, the call is cut off with its caller."""

    async def run(self, call: Any) -> Any:
        (answer,) = await self._run_all([call])
        if isinstance(answer, Exception):
            raise answer
        return answer


class Credulous(Script):
    """Believes any answer."""

    async def about(self, echo: bytes, keys: list[str], *args: str | bytes | int) -> list[Any]:
        return list((await self(keys, [echo, *args]))[1:])


async def storm(store: RedisChallenges, proxy: TcpProxy, draw: Random) -> tuple[int, int, list[tuple[Any, Any]]]:
    """300 calls, each about a challenge and code of its own kind: how many were cancelled, how many were answered, and
    what else came out, with what is true."""
    open_ones, unknown = await issued(store, 200), [new_challenge() for _ in range(100)]
    expected = dict.fromkeys(unknown, Verdict.NOT_ISSUED)
    codes = dict.fromkeys(unknown, WRONG)
    for place, challenge in enumerate(open_ones):
        expected[challenge], codes[challenge] = (Verdict.VERIFIED, "402817") if place % 2 else (Verdict.WRONG, WRONG)
    proxy.delay = lambda: draw.random() * 0.02
    astray: list[tuple[Any, Any]] = []
    cancelled = answered = 0
    order = draw.sample(list(expected), len(expected))
    for start in range(0, len(order), 30):
        some = order[start : start + 30]
        calls = {challenge: asyncio.create_task(judge(store, challenge, codes[challenge])) for challenge in some}
        for challenge in draw.sample(some, 10):
            asyncio.get_running_loop().call_later(draw.random() * 0.02, calls[challenge].cancel)
        if draw.random() < 0.3:
            asyncio.get_running_loop().call_later(0.01, draw.choice((proxy.cut, proxy.half_close)))
        outcomes = await asyncio.gather(*calls.values(), return_exceptions=True)
        for challenge, outcome in zip(some, outcomes, strict=True):
            if isinstance(outcome, asyncio.CancelledError):
                cancelled += 1
            elif not isinstance(outcome, BaseException):
                answered += 1
                if outcome.verdict is not expected[challenge]:
                    astray.append((expected[challenge], outcome.verdict))
            elif not isinstance(outcome, DependencyUnavailable):
                astray.append((expected[challenge], outcome))
    proxy.delay = lambda: 0.0
    return cancelled, answered, astray


@pytest.fixture
async def proxied(valkey: Valkey, redis_url: str) -> AsyncIterator[TcpProxy]:
    async with TcpProxy(valkey.port or 0) as proxy:
        yield proxy


@pytest.mark.parametrize("replicas", [0, 1])
async def test_nobody_gets_the_verdict_of_another_whatever_happens_on_the_way(
    server_directory: Path, replicas: int, connect: Connect
) -> None:
    directory = server_directory / f"otp-storm-{replicas}"
    async with valkey_at(directory / "a") as primary, valkey_at(directory / "b") as replica:
        await follow(replica, primary.port or 0)
        async with TcpProxy(primary.port or 0) as proxy:
            client = connect(f"redis://127.0.0.1:{proxy.port}")
            store, draw, cancelled, answered = store_on(client, replicas), Random(11), 0, 0
            while cancelled < 30 or answered < 100:  # how many a storm has is the machine's to say
                more_cancelled, more_answered, astray = await storm(store, proxy, draw)
                cancelled, answered = cancelled + more_cancelled, answered + more_answered
                assert astray == []


@pytest.mark.parametrize("scripts", [Scripts, EachByItself])
@pytest.mark.parametrize("script", [Script, Credulous])
async def test_two_guards_keep_verdicts_apart_even_where_the_client_does_not(
    proxied: TcpProxy, scripts: type[Scripts], script: type[Script]
) -> None:
    """Each is shown to be one: with neither, on such a client, verdicts go astray."""
    pool = ConnectionPool(connection_class=Leaky, host="127.0.0.1", port=proxied.port, socket_timeout=2)
    unguarded, draw, astray = (scripts, script) == (EachByItself, Credulous), Random(11), list[Any]()
    async with aclosing(Redis.from_pool(pool)) as client:
        for _ in range(10 if unguarded else 1):  # in a storm or two some of 300 calls go astray
            _, _, outcomes = await storm(RedisChallenges(partial(script, scripts(client))), proxied, draw)
            astray += [told for _, told in outcomes]
            if any(isinstance(told, Verdict) for told in astray):
                break

    assert any(isinstance(told, Verdict) for told in astray) == unguarded


async def test_what_is_cut_off_is_counted_once_at_most(proxied: TcpProxy, connect: Connect) -> None:
    client, draw = connect(f"redis://127.0.0.1:{proxied.port}"), Random(5)
    store = store_on(client)
    those = await issued(store, 40)
    proxied.delay = lambda: draw.random() * 0.02
    told = dict.fromkeys(those, 0)
    for _ in range(MOST - 1):
        calls = [asyncio.create_task(verdict(store, challenge, WRONG)) for challenge in those]
        for call in draw.sample(calls, 8):
            asyncio.get_running_loop().call_later(draw.random() * 0.03, call.cancel)
        asyncio.get_running_loop().call_later(draw.random() * 0.02, draw.choice((proxied.cut, proxied.half_close)))
        for challenge, outcome in zip(those, await asyncio.gather(*calls, return_exceptions=True), strict=True):
            told[challenge] += outcome is Verdict.WRONG
    proxied.delay = lambda: 0.0
    counted = {}
    for challenge in those:
        status = await store.status(challenge, LIMITS)
        assert status is not None
        counted[challenge] = MOST - status.attempts_remaining

    assert all(told[challenge] <= counted[challenge] <= MOST - 1 for challenge in those)
    assert sum(told.values()) < sum(counted.values())  # some were counted and not told: the way was bad enough


# --- full


async def test_a_full_redis_gives_no_verdict_and_forgets_none(server_directory: Path, connect: Connect) -> None:
    async with valkey_at(server_directory / "otp-full", maxmemory="16mb", appendonly="no") as server:
        client, account = connect(server.url), uuid4()
        store = store_on(client)
        guessed, fresh, *more = await issued(store, 12, account)
        assert (await judge(store, guessed, WRONG)).attempts_remaining == MOST - 1
        await fill(server)

        verbs: list[Awaitable[object]] = [
            issue(store, new_challenge()),
            judge(store, guessed, WRONG),
            judge(store, fresh),
            store.record_delivery(fresh, 0, 6, soon(0)),
            store.unlock(account),
        ]
        for verb in verbs:
            with pytest.raises(DependencyUnavailable):
                await verb
        status = await store.status(guessed, LIMITS)
        assert status is not None
        assert status.attempts_remaining == MOST - 1

        await empty(server)
        assert (await judge(store, guessed, WRONG)).attempts_remaining == MOST - 2  # none counted, none given back
        assert (await judge(store, fresh)).verdict is Verdict.VERIFIED
        assert [await verdict(store, challenge, WRONG) for challenge in more] == [Verdict.WRONG] * 10


async def test_a_redis_that_evicts_would_forget_guesses(server_directory: Path, connect: Connect) -> None:
    """What readiness asks about, and what the test above would overlook on an empty server."""
    settings = {"maxmemory": "16mb", "appendonly": "no", "maxmemory_policy": "volatile-ttl"}
    async with valkey_at(server_directory / "otp-evicting", **settings) as server:
        client, account = connect(server.url), uuid4()
        store = store_on(client)
        for challenge in await issued(store, LIMITS.wrong_per_day, account):
            await judge(store, challenge, WRONG)
        (locked,) = await issued(store, 1, account)
        assert await verdict(store, locked, WRONG) is Verdict.ACCOUNT_LOCKED
        assert not await RedisFit(client)()
        await fill(server)  # what has no end is kept for longest
        await empty(server)

        (another,) = await issued(store, 1, account)
        assert await verdict(store, another, WRONG) is Verdict.WRONG


FILLERS: Final = 20_000


async def fill(server: Valkey) -> None:
    """To the brim: not one byte more is taken."""
    script = (
        "for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do"
        " if redis.pcall('SET', 'filler-' .. i, string.rep('x', 1000)).err then return i end end"
    )
    for start in range(0, FILLERS, 100):
        if await ask(server, "EVAL", script, 0, start, start + 99) is not None:
            return
    raise AssertionError("it has room for more")


async def empty(server: Valkey) -> None:
    await ask(server, "DEL", *[f"filler-{number}" for number in range(FILLERS)])
