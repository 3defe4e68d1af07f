"""What the OTP service is told from outside."""

from pydantic import Field, RedisDsn

from shared.settings import CredentialsText, KeyringText, ServiceSettings


class OtpSettings(ServiceSettings):
    redis_url: RedisDsn
    peppers: KeyringText = Field(description="keys of the codes' HMACs; the first one writes")
    code_keys: KeyringText = Field(description="keys that encrypt codes at rest; the first one writes")
    sealing_public_keys: KeyringText = Field(description="the notifier's X25519 public keys; the first one is used")
    callers: CredentialsText = Field(description="name:role:<sha256 hex> of those who may verify; role `auth`")
    code_digits: int = Field(6, ge=6, le=8)
    max_attempts: int = Field(5, ge=1, le=10, description="wrong codes per challenge (DESIGN §4)")
    account_guesses_per_day: int = Field(15, ge=1, le=100, description="wrong codes per account in 24 h")
    account_guesses_per_30_days: int = Field(50, ge=1, le=100, description="wrong codes per account in 30 days")
