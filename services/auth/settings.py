"""What auth is told from outside."""

import os
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AnyHttpUrl, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode

from services.auth.domain.announcement import MOST_PACE
from services.auth.domain.gcra import Limit
from shared.operator_settings import OperatorSettings
from shared.redis_settings import RedisSettings, RedisUrlText
from shared.settings import CredentialsText, DatabaseSettings, KeyringText, ServiceSettings


def _words(text: Any) -> Any:
    return tuple(text.replace(",", " ").split()) if isinstance(text, str) else text


def _networks(text: Any) -> Any:
    return tuple(ip_network(word) for word in _words(text))


def _limit(text: Any) -> Any:
    return Limit.parse(text) if isinstance(text, str) else text


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]

LimitText = Annotated[Limit, NoDecode, BeforeValidator(_limit)]


class PasswordSettings(BaseSettings):
    """Argon2id; the defaults are OWASP's first choice: 19 MiB, two passes, one lane."""

    model_config = ServiceSettings.model_config

    argon2_memory_kib: int = Field(19_456, ge=8, le=1_048_576)
    argon2_time_cost: int = Field(2, ge=1, le=20)
    argon2_workers: int = Field(os.cpu_count() or 1, ge=1, description="hashes at once; each takes its memory")
    argon2_queue: int = Field(128, ge=1, description="logins that may wait for a worker; more get 503")


class ImportSettings(DatabaseSettings, PasswordSettings):
    pass


class KeySettings(DatabaseSettings):
    """For what reads or writes secrets at rest."""

    storage_keys: KeyringText = Field(description="encrypt TOTP secrets and signing keys at rest; the first one writes")


class RotationSettings(KeySettings):
    key_refresh_s: float = Field(5, gt=0, le=60, description="how often the signing keys are read")
    key_lead_s: int = Field(600, ge=1, description="how long a signing key is published before it signs")
    jwks_max_age_s: int = Field(300, ge=0, le=86_400, description="how long a gateway may keep the published keys")

    @property
    def least_lead_s(self) -> float:
        """By then every instance has read a new key twice, and no gateway holds a set without it."""
        return self.jwks_max_age_s + 2 * self.key_refresh_s

    @model_validator(mode="after")
    def _lead_is_long_enough(self) -> Self:
        if self.key_lead_s < self.least_lead_s:
            raise ValueError(f"key_lead_s must be at least {self.least_lead_s}: jwks_max_age_s + 2 × key_refresh_s")
        return self


class PolicySettings(BaseSettings):
    """What a deployment decides about its accounts."""

    model_config = ServiceSettings.model_config

    email_may_replace_totp: bool = Field(False, description="whether a TOTP account may ask for a mail instead")
    new_account_grace_s: int = Field(0, ge=0, le=7 * 86_400, description="after signing up, in ramping regions only")
    scopes: Words = Field(("account", "account:security"), description="what every login is granted")
    sensitive_scopes: Words = Field(("account:security",), description="what a login under a bypass is not granted")


class SessionSettings(BaseSettings):
    model_config = ServiceSettings.model_config

    access_token_life_s: int = Field(900, ge=60, le=3600)
    session_life_s: int = Field(90 * 86_400, ge=3600, description="then the password is asked for, used or not")
    session_idle_s: int = Field(14 * 86_400, ge=600, description="a session that is not refreshed for so long ends")
    sessions_per_account: int = Field(1_000, ge=10, description="more end those that were not used for longest")
    rotation_grace_s: int = Field(30, ge=0, le=300, description="how long the previous token of a family still serves")
    device_life_s: int = Field(30 * 86_400, ge=3600)
    step_up_life_s: int = Field(300, ge=60, le=900, description="life of the token that a step-up gives")
    fresh_s: int = Field(600, ge=60, le=3600, description="how recent a login must be to change factors with it")


class ThrottleSettings(BaseSettings):
    """Wrong passwords, as `burst/seconds for one more`; right ones cost nothing.

    10/60: who forgot a password tries ten at once; who guesses gets 10 + 1,440 a day at one account from one address.
    300/3: an office behind one address; who guesses gets 300 + 28,800 a day from one address at all accounts together.
    A thousand addresses have 1.45 million guesses a day at one account. That is the price for no lock that a stranger
    could cause, and why a code is asked for after the password: of codes there are 15 in 24 h, wherever from.
    """

    model_config = ServiceSettings.model_config

    wrong_passwords_account_at_address: LimitText = Limit(10, 60_000)
    wrong_passwords_address: LimitText = Limit(300, 3_000)
    wrong_passwords_account_on_device: LimitText = Limit(10, 60_000)


class FactorSettings(BaseSettings):
    """Wrong codes per account and factor before no code is looked at (docs/limits.md)."""

    model_config = ServiceSettings.model_config

    totp_issuer: str = Field("Gatepost", pattern=r"^[^:\x00-\x1f]{1,32}$", description="what an app shows above a code")
    totp_guesses_per_day: int = Field(10, ge=1, le=100)
    totp_guesses_per_30_days: int = Field(30, ge=1, le=100)
    recovery_guesses_per_day: int = Field(10, ge=1, le=100)
    recovery_guesses_per_30_days: int = Field(30, ge=1, le=100)


class AuthSettings(
    ServiceSettings,
    RedisSettings,
    OperatorSettings,
    ImportSettings,
    RotationSettings,
    PolicySettings,
    SessionSettings,
    ThrottleSettings,
    FactorSettings,
):
    sealing_public_keys: KeyringText = Field(description="the notifier's X25519 public keys; the first one is used")
    issuer: str = Field(min_length=1, description="`iss` of every token")
    otp_url: AnyHttpUrl
    otp_credential: SecretStr
    most_event_streams: int = Field(10_000, ge=1, description="at once, each with two sockets; more get 503")
    redis_url: RedisUrlText = Field(description="counts failed passwords; need not be the one of the OTP service")
    trusted_proxies: Networks = Field((), description="networks whose word on a client's address is taken")
    step_up_callers: CredentialsText | None = Field(
        None, description="name:role:<sha256 hex>; role step_up: any purpose but login, sign_in: login only"
    )
    policy_snapshot: Path = Field(description="where the region policies are kept for a start without Kafka")
    heartbeat_s: float = Field(5, ge=0.1, le=60, description="how often rollout is told which policies hold here")
    population_every_s: float = Field(900, ge=1, le=86_400, description="how often accounts are counted for previews")
    notice_life_s: int = Field(86_400, ge=600, description="a notice to an owner that is older is not mailed")
    announcement_pace: int = Field(
        50, ge=1, le=MOST_PACE, description="notices a second of a new announcement; the command changes it"
    )
    # Below 5 minutes no late mail could be used, and no mail leaves with under 2 minutes of life.
    challenge_life_s: int = Field(600, ge=300, le=600)


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)
