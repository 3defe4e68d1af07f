"""What every service is told from outside. Secrets have no defaults: a service without them does not start."""

import os
import sys
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, PostgresDsn, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.credentials import CredentialBook
from shared.keyring import Keyring

SECRETS_DIR = os.environ.get("GATEPOST_SECRETS_DIR", "/run/secrets")


def _keyring(text: SecretStr) -> SecretStr:
    Keyring.parse(text.get_secret_value())
    return text


def _credentials(text: SecretStr) -> SecretStr:
    CredentialBook.parse(text.get_secret_value())
    return text


KeyringText = Annotated[SecretStr, AfterValidator(_keyring)]
CredentialsText = Annotated[SecretStr, AfterValidator(_credentials)]


class KafkaSettings(BaseSettings):
    """For the commands that need Kafka and nothing else. Read from `GATEPOST_*` variables, or from files of the same
    lower-case name in `GATEPOST_SECRETS_DIR` (/run/secrets). Where both are there the variable counts."""

    model_config = SettingsConfigDict(
        env_prefix="GATEPOST_",
        secrets_dir=SECRETS_DIR if os.path.isdir(SECRETS_DIR) else None,
        extra="ignore",
        hide_input_in_errors=True,
    )

    kafka: str = Field(min_length=3, description="bootstrap servers, comma separated")
    kafka_deadline_s: float = Field(5.0, gt=0, description="how long a publish may take before it has failed")


class ServiceSettings(KafkaSettings):
    """What every service is told."""

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65_535)
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    kafka_fetch_wait_ms: int = Field(500, ge=1, le=30_000, description="how long a fetch may wait for data")


class DatabaseSettings(BaseSettings):
    """For the commands that need the database and nothing else."""

    model_config = KafkaSettings.model_config

    database_url: PostgresDsn = Field(repr=False, description="straight to PostgreSQL, or a pooler in session mode")


S = TypeVar("S", bound=BaseSettings)


def read(settings: type[S], **overrides: Any) -> S:
    """The settings, or an end of the process that names each wrong variable and never a value."""
    try:
        return settings(**overrides)
    except ValidationError as error:
        prefix = settings.model_config.get("env_prefix", "")
        for problem in error.errors():
            name = "_".join(map(str, problem["loc"])).upper()
            print(f"setting {prefix}{name}: {problem['msg']}", file=sys.stderr)  # noqa: T201 - before logging is up
        raise SystemExit(2) from None
