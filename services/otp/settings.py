"""What the OTP service is told from outside."""

from pydantic import Field
from pydantic_settings import BaseSettings

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


class OtpSettings(ServiceSettings, LimitSettings, ReplicatedRedisSettings):
    peppers: KeyringText = Field(description="keys of the codes' HMACs; the first one writes")
    code_keys: KeyringText = Field(description="keys that encrypt codes at rest; the first one writes")
    sealing_public_keys: KeyringText = Field(description="the notifier's X25519 public keys; the first one is used")
    callers: CredentialsText = Field(description="name:role:<sha256 hex> of those who may verify; role `auth`")
    code_digits: int = Field(6, ge=6, le=8)
