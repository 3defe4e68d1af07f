"""The client that services use, for a Valkey that stands alone."""

from redis.asyncio import Redis

from shared.redis import redis_client


def redis_at(url: str) -> Redis:
    client = redis_client(url)
    assert isinstance(client, Redis)
    return client
