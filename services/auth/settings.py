"""What auth is told from outside."""

import os
from pathlib import Path

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import BaseSettings

from shared.settings import DatabaseSettings, KeyringText, ServiceSettings


class PasswordSettings(BaseSettings):
    """Argon2id; the defaults are OWASP's first choice: 19 MiB, two passes, one lane."""

    model_config = ServiceSettings.model_config

    argon2_memory_kib: int = Field(19_456, ge=8, le=1_048_576)
    argon2_time_cost: int = Field(2, ge=1, le=20)
    argon2_workers: int = Field(os.cpu_count() or 1, ge=1, description="hashes at once; each takes its memory")
    argon2_queue: int = Field(128, ge=1, description="logins that may wait for a worker; more get 503")


class ImportSettings(DatabaseSettings, PasswordSettings):
    pass


class AuthSettings(ServiceSettings, ImportSettings):
    signing_keys: KeyringText = Field(description="Ed25519 seeds; the first one signs, all are published")
    sealing_public_keys: KeyringText = Field(description="the notifier's X25519 public keys; the first one is used")
    issuer: str = Field(min_length=1, description="`iss` of every token")
    otp_url: AnyHttpUrl
    otp_credential: SecretStr
    policy_snapshot: Path = Field(description="where the region policies are kept for a start without Kafka")
    # Below 5 minutes no late mail could be used, and no mail leaves with under 2 minutes of life.
    challenge_life_s: int = Field(600, ge=300, le=600)
    access_token_life_s: int = Field(900, ge=60, le=3600)
