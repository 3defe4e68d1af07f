"""Where a service finds Redis, what lets it in, and how many copies a verdict stands on."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from shared.redis_access import RedisAccess, TlsFiles
from shared.redis_url import Kind, RedisUrl
from shared.settings import ServiceSettings


def _url(text: SecretStr) -> SecretStr:
    RedisUrl.parse(text.get_secret_value())
    return text


def _authorities(file: Path) -> Path:
    TlsFiles(file).context()
    return file


# A URL may hold a password.
RedisUrlText = Annotated[SecretStr, AfterValidator(_url)]


class RedisSettings(BaseSettings):
    model_config = ServiceSettings.model_config

    redis_url: RedisUrlText = Field(description="redis://…, redis+sentinel://…/MASTER or redis+cluster://…")
    redis_ca_file: Annotated[Path, AfterValidator(_authorities)] | None = Field(
        None, description="PEM: the authorities that are trusted with rediss…, and no others; without it the system's"
    )
    redis_cert_file: Path | None = Field(None, description="PEM: the certificate that Redis asks the service for")
    redis_key_file: Path | None = Field(None, description="PEM: its key, without a passphrase")
    redis_sentinel_username: str | None = Field(None, description="at the Sentinels; the URL has those of Redis")
    redis_sentinel_password: SecretStr | None = None

    @property
    def redis_access(self) -> RedisAccess:
        files = TlsFiles(self.redis_ca_file, self.redis_cert_file, self.redis_key_file)
        secret = self.redis_sentinel_password
        return RedisAccess(files, self.redis_sentinel_username, secret.get_secret_value() if secret else None)

    @model_validator(mode="after")
    def _nothing_is_told_in_vain(self) -> Self:
        url, access = RedisUrl.parse(self.redis_url.get_secret_value()), self.redis_access
        if (access.tls.cert is None) != (access.tls.key is None):
            raise ValueError("redis_cert_file and redis_key_file go together")
        if access.tls != TlsFiles():
            if not url.tls:
                raise ValueError("redis_ca_file, redis_cert_file and redis_key_file are for a redis_url with rediss")
            access.tls.context()
        if url.kind is not Kind.SENTINEL and RedisAccess(access.tls) != access:
            raise ValueError("redis_sentinel_username and redis_sentinel_password are for redis+sentinel://")
        return self


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
