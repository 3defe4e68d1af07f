"""Who waits hears, also who came while nobody could be asked."""

import asyncio
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.otp.adapters.redis_changes import RedisChanges
from services.otp.adapters.redis_keys import channel_of
from services.otp.domain.challenge import ChallengeRef
from shared.ending import ended
from shared.redis import redis_client
from tests.redis_at import redis_at
from tests.wait_until import wait_until


class SlowToConnect:
    """A client whose first subscription waits until it is let go."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self.connecting, self.go = asyncio.Event(), asyncio.Event()

    def pubsub(self) -> Any:
        pubsub: Any = self._client.pubsub()
        subscribe = pubsub.subscribe

        async def slowly(*channels: Any) -> None:
            self.connecting.set()
            await self.go.wait()
            await subscribe(*channels)

        pubsub.subscribe = slowly
        return pubsub


async def heard(client: Redis, challenge: ChallengeRef) -> int:
    """How many connections listen for it."""
    ((_, count),) = await client.pubsub_numsub(channel_of(challenge))
    return int(count)


async def test_who_comes_or_goes_while_the_connection_is_made_is_heard_or_forgotten(redis_url: str) -> None:
    client = redis_at(redis_url)
    slow: Any = SlowToConnect(client)
    changes = RedisChanges(slow)
    early, late = ChallengeRef(uuid4(), uuid4()), ChallengeRef(uuid4(), uuid4())
    async with changes.watch(late) as changed:
        leaving = changes.watch(early)
        await leaving.__aenter__()
        listening = asyncio.create_task(changes.listen())
        await slow.connecting.wait()
        await leaving.__aexit__(None, None, None)
        newcomer = ChallengeRef(uuid4(), uuid4())
        async with changes.watch(newcomer) as told:
            slow.go.set()

            async def right_ones() -> bool:
                return [await heard(client, each) for each in (early, late, newcomer)] == [0, 1, 1]

            await wait_until(right_ones)
            await wait_until(told.is_set)  # the confirmation: look now
            told.clear()
            await client.publish(channel_of(newcomer), "")
            await wait_until(told.is_set)
        assert changed.is_set()
    await ended(listening)
    await client.aclose()


async def test_a_cluster_that_is_not_there_yet_is_asked_again() -> None:
    client = redis_client("redis+cluster://127.0.0.1:1")
    with capture_logs() as logs:
        listening = asyncio.create_task(RedisChanges(client, again_s=0.01).listen())
        await wait_until(lambda: [line["event"] for line in logs].count("changes_not_heard") >= 2)

    assert not listening.done()
    await ended(listening)
    await client.aclose()
