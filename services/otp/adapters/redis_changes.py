"""Who waits for a challenge hears of its changes, whichever instance made them: Redis pub/sub, without content."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import uuid4

import structlog
from redis.asyncio import RedisCluster

from services.otp.adapters.redis_keys import channel_of
from services.otp.domain.challenge import ChallengeRef
from shared.redis import OUTAGES, RedisClient
from shared.redis_refusals import tell_refusal

PING_EVERY_S: Final = 5.0
AGAIN_S: Final = 1.0
GONE: Final = (*OUTAGES, TimeoutError)

_log = structlog.get_logger()


class RedisChanges:
    """One connection for all who wait. What happened while it was down nobody is told: all look again when it is up.

    `ping_every_s`: silence after which it is asked whether it is there. `again_s`: after which it is made anew.
    """

    def __init__(self, client: RedisClient, ping_every_s: float = PING_EVERY_S, again_s: float = AGAIN_S) -> None:
        self._client = client
        self._ping_every_s = ping_every_s
        self._again_s = again_s
        self._waiting: dict[bytes, set[asyncio.Event]] = {}
        self._pubsub: Any = None
        self.over = False

    def end(self) -> None:
        """All who wait look once more, and then no longer."""
        self.over = True
        for channel in self._waiting:
            self._wake(channel)

    @asynccontextmanager
    async def watch(self, challenge: ChallengeRef) -> AsyncIterator[asyncio.Event]:
        """The event is set whenever the challenge may have changed; whoever waits clears it, and looks."""
        channel, changed = channel_of(challenge), asyncio.Event()
        waiting = self._waiting.setdefault(channel, set())
        waiting.add(changed)
        try:
            if len(waiting) == 1:
                await self._ask("subscribe", channel)
            yield changed
        finally:
            waiting.discard(changed)
            if not waiting and self._waiting.get(channel) is waiting:
                del self._waiting[channel]
                await self._ask("unsubscribe", channel)

    async def listen(self) -> None:
        """For ever."""
        while True:
            try:
                await self._listen()
            except GONE as error:
                tell_refusal(self._client, error)
                _log.warning("changes_not_heard", error=type(error).__name__)
            finally:
                self._pubsub = None
            await asyncio.sleep(self._again_s)

    async def _listen(self) -> None:
        if isinstance(self._client, RedisCluster):
            await self._client.initialize()  # its pubsub asks for a node's address, and does not look for one
        async with self._client.pubsub() as pubsub:
            # One channel there is always: without any, no pong is heard. In a cluster its name chooses the node.
            asked = set(self._waiting)
            await pubsub.subscribe(f"otp:instance:{uuid4()}", *asked)
            self._pubsub = pubsub
            if late := self._waiting.keys() - asked:  # who came meanwhile had nobody to ask
                await pubsub.subscribe(*late)
            if left := asked - self._waiting.keys():
                await pubsub.unsubscribe(*left)
            pinged = False
            while True:
                message = await pubsub.get_message(timeout=self._ping_every_s)
                if message is None:
                    if pinged:
                        raise TimeoutError
                    await pubsub.ping()
                pinged = message is None
                if message is not None and message["type"] in ("message", "subscribe"):
                    self._wake(message["channel"])

    def _wake(self, channel: bytes) -> None:
        for changed in self._waiting.get(channel, ()):
            changed.set()

    async def _ask(self, verb: str, channel: bytes) -> None:
        if self._pubsub is not None:
            with suppress(*GONE):  # then the connection is made anew, with all that is waited for
                await getattr(self._pubsub, verb)(channel)
