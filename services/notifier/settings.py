"""What the notifier is told from outside."""

from typing import Annotated

from pydantic import AfterValidator, DirectoryPath, Field, SecretStr
from pydantic_settings import BaseSettings

from services.notifier.domain.brand import DEFAULT_COLOR
from shared.mail_address import MailAddress
from shared.redis_settings import RedisSettings
from shared.settings import KeyringText, ServiceSettings


def _one_line(text: str) -> str:
    """Control and bidi characters in a name would change how the mail reads."""
    if not text.isprintable():
        raise ValueError("only printable characters")
    return text


class MailSettings(BaseSettings):
    """What a mail shows of us."""

    model_config = ServiceSettings.model_config

    brand: Annotated[str, AfterValidator(_one_line)] = Field(min_length=1, max_length=64)
    brand_color: str = Field(DEFAULT_COLOR, pattern=r"^#[0-9A-Fa-f]{6}$", description="of the line under the name")
    mail_domain: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253, description="where codes are typed in"
    )
    support_address: MailAddress | None = Field(None, description="shown to whoever needs help")
    mail_templates: DirectoryPath | None = Field(None, description="its files replace templates of the same name")


class NotifierSettings(ServiceSettings, RedisSettings, MailSettings):
    sealing_private_keys: KeyringText = Field(description="X25519 private keys that open codes and addresses")
    key_refresh_s: float = Field(5, gt=0, le=15, description="how often the file of those keys is read")
    sendgrid_api_key: SecretStr = Field(min_length=8)
    sendgrid_url: str = Field("https://api.sendgrid.com", pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+/?$")
    mail_from: MailAddress
    # Below 10 s (DESIGN §6); the claim's lease is derived from it.
    provider_deadline_s: float = Field(8.0, gt=0, lt=10, description="one send, from connecting to the answer")
    # Each holds a Redis connection for a moment: with the notices fewer than the client's 256, so that readiness
    # finds one as well.
    sends_at_once: int = Field(240, ge=1, le=240, description="codes in flight: 240 at 200 ms are 1,200 a second")
