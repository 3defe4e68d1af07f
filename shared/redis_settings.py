"""Where a service finds Redis, and how many copies a verdict stands on."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from shared.redis_url import Kind, RedisUrl
from shared.settings import ServiceSettings


def _url(text: SecretStr) -> SecretStr:
    RedisUrl.parse(text.get_secret_value())
    return text


# A URL may hold a password.
RedisUrlText = Annotated[SecretStr, AfterValidator(_url)]


class RedisSettings(BaseSettings):
    model_config = ServiceSettings.model_config

    redis_url: RedisUrlText = Field(description="redis://…, redis+sentinel://…/MASTER or redis+cluster://…")


class ReplicatedRedisSettings(RedisSettings):
    redis_replicas: int | None = Field(
        None, ge=0, le=5, description="so many must hold a guess before its verdict is given; alone: 0"
    )

    @property
    def replicas(self) -> int:
        return self.redis_replicas or 0

    @model_validator(mode="after")
    def _failover_is_thought_of(self) -> Self:
        kind = RedisUrl.parse(self.redis_url.get_secret_value()).kind
        least = 1 if kind is Kind.SENTINEL else 0
        if kind is not Kind.STANDALONE and (self.redis_replicas is None or self.redis_replicas < least):
            raise ValueError(
                f"redis_replicas must be given, at least {least}: a failover forgets a guess that no replica holds"
            )
        return self
