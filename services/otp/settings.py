"""What the OTP service is told from outside."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from services.otp.domain.fleet_breaker import Band
from services.otp.domain.limits import Limits
from shared.redis_settings import ReplicatedRedisSettings
from shared.settings import CredentialsText, KeyringText, ServiceSettings


class LimitSettings(BaseSettings):
    """docs/limits.md"""

    model_config = ServiceSettings.model_config

    max_attempts: int = Field(5, ge=1, le=10, description="wrong codes per challenge (DESIGN §4)")
    account_guesses_per_day: int = Field(15, ge=1, le=100, description="wrong codes per account in 24 h")
    account_guesses_per_30_days: int = Field(50, ge=1, le=100, description="wrong codes per account in 30 days")
    account_failures_in_a_row: int = Field(100, ge=1, le=100, description="then only support lets it have codes again")
    live_challenges: int = Field(5, ge=1, le=100, description="challenges of an account at the same time")
    mails_per_day: int = Field(30, ge=1, le=1000, description="mails with codes per account in 24 h")
    resends: int = Field(5, ge=0, le=20, description="mails per challenge after the first")
    resend_cooldown_s: int = Field(30, ge=1, le=600)
    resend_least_life_s: int = Field(120, ge=0, le=600, description="what a code must have left to be mailed again")

    @property
    def limits(self) -> Limits:
        return Limits(
            wrong_per_challenge=self.max_attempts,
            wrong_per_day=self.account_guesses_per_day,
            wrong_per_30_days=self.account_guesses_per_30_days,
            failures_in_a_row=self.account_failures_in_a_row,
            live_challenges=self.live_challenges,
            mails_per_day=self.mails_per_day,
            resends=self.resends,
            cooldown_ms=self.resend_cooldown_s * 1000,
            least_life_ms=self.resend_least_life_s * 1000,
        )


class FleetSettings(BaseSettings):
    """When new codes get 8 digits (services/otp/domain/fleet_breaker.py)."""

    model_config = ServiceSettings.model_config

    wrong_share_window_s: int = Field(300, ge=1, le=3600, description="over which wrong codes of all accounts count")
    wrong_share_slot_s: int = Field(10, ge=1, le=60, description="by which that window moves")
    wrong_share_least_codes: int = Field(200, ge=1, description="fewer in a window never make codes longer")
    wrong_share_high: float = Field(0.5, gt=0, le=1, description="from this share of wrong codes on they get longer")
    wrong_share_low: float = Field(0.25, gt=0, lt=1, description="below this, over a whole window, shorter again")

    @property
    def band(self) -> Band:
        window = timedelta(seconds=self.wrong_share_window_s)
        return Band(window, self.wrong_share_least_codes, self.wrong_share_high, self.wrong_share_low)

    @model_validator(mode="after")
    def _falls_back_below_where_it_rises(self) -> Self:
        if self.wrong_share_low >= self.wrong_share_high:
            raise ValueError("wrong_share_low must be below wrong_share_high")
        if self.wrong_share_slot_s > self.wrong_share_window_s:
            raise ValueError("wrong_share_slot_s must not be longer than wrong_share_window_s")
        return self


class OtpSettings(ServiceSettings, LimitSettings, FleetSettings, ReplicatedRedisSettings):
    peppers: KeyringText = Field(description="keys of the codes' HMACs; the first one writes")
    code_keys: KeyringText = Field(description="keys that encrypt codes at rest; the first one writes")
    sealing_public_keys: KeyringText = Field(description="the notifier's X25519 public keys; the first one is used")
    callers: CredentialsText = Field(description="name:role:<sha256 hex> of those who may verify; role `auth`")
    code_digits: int = Field(6, ge=6, le=8)
    key_refresh_s: float = Field(5, gt=0, le=15, description="how often the files of the three key rings are read")
