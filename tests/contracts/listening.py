"""Changes of challenges that are listened for, until the test is over, however it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.otp.adapters.redis_changes import PING_EVERY_S, RedisChanges
from shared.ending import ended
from shared.redis import RedisClient
from tests.wait_until import wait_until


@asynccontextmanager
async def listening(client: RedisClient, ping_every_s: float = PING_EVERY_S) -> AsyncIterator[RedisChanges]:
    changes = RedisChanges(client, ping_every_s)
    task = asyncio.create_task(changes.listen())
    try:
        await wait_until(lambda: changes._pubsub is not None)
        yield changes
    finally:
        await ended(task)
