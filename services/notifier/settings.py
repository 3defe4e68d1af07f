"""What the notifier is told from outside."""

import base64
import re
from datetime import timedelta
from math import ceil
from typing import Annotated, Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import AfterValidator, BeforeValidator, DirectoryPath, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode

from services.notifier.adapters.redis_bucket import BEAT_S
from services.notifier.adapters.smtp_url import SmtpUrl
from services.notifier.domain.brand import DEFAULT_COLOR
from services.notifier.domain.mail_routes import MailRoutes
from services.notifier.domain.suppression import SuppressionTerms
from shared.mail_address import MailAddress
from shared.operator_settings import OperatorSettings
from shared.redis_settings import RedisSettings
from shared.settings import KeyringText, ServiceSettings

MOST_ANNOUNCEMENTS: Final = 400  # at once


def _one_line(text: str) -> str:
    """Control and bidi characters in a name would change how the mail reads."""
    if not text.isprintable():
        raise ValueError("only printable characters")
    return text


def _smtp_url(text: SecretStr) -> SecretStr:
    SmtpUrl.parse(text.get_secret_value())
    return text


def _public_keys(text: Any) -> Any:
    """What stands there is named by its place: it may be a private key by mistake."""
    if not isinstance(text, str):
        return text
    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    for place, key in enumerate(keys, start=1):
        try:
            loaded = load_der_public_key(base64.b64decode(key, validate=True))
        except ValueError:
            raise ValueError(f"key {place}: not a public key in base64 DER") from None
        if not isinstance(loaded, EllipticCurvePublicKey) or not isinstance(loaded.curve, SECP256R1):
            raise ValueError(f"key {place}: not a key of P-256")
    return keys


def _token(text: SecretStr) -> SecretStr:
    """It goes into a header."""
    if not re.fullmatch(r"[!-~]+", text.get_secret_value()):
        raise ValueError("only ASCII, without spaces")
    return text


PublicKeys = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_public_keys)]


class SuppressionSettings(BaseSettings):
    """Whose mail came back is not mailed for so long, if support does not clear it before."""

    model_config = ServiceSettings.model_config

    suppression_keys: KeyringText = Field(
        description="hash the addresses on the list, the first one new entries, and sign labels"
    )
    suppressed_after_bounce_days: int = Field(30, ge=1, le=365)
    suppressed_after_drop_days: int = Field(7, ge=1, le=365)
    suppressed_after_spam_report_days: int = Field(365, ge=1, le=3650)

    @property
    def suppression_terms(self) -> SuppressionTerms:
        return SuppressionTerms(
            bounced=timedelta(days=self.suppressed_after_bounce_days),
            dropped=timedelta(days=self.suppressed_after_drop_days),
            spam_report=timedelta(days=self.suppressed_after_spam_report_days),
        )


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


class SupportSettings(BaseSettings):
    """For the commands that ask a notifier over HTTP."""

    model_config = ServiceSettings.model_config

    notifier_url: str = Field(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?$")
    operator_token: Annotated[SecretStr, AfterValidator(_token)] = Field(description="of the role support or admin")


class NotifierSettings(ServiceSettings, RedisSettings, OperatorSettings, MailSettings, SuppressionSettings):
    sealing_private_keys: KeyringText = Field(description="X25519 private keys that open codes and addresses")
    key_refresh_s: float = Field(5, gt=0, le=15, description="how often the file of those keys is read")

    sendgrid_api_key: SecretStr | None = Field(None, min_length=8)
    sendgrid_url: str = Field("https://api.sendgrid.com", pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+/?$")
    # As SendGrid publishes it for /v3/mail/send; what it says in an answer counts in any case.
    sendgrid_per_second: float = Field(10_000, gt=0, le=100_000, description="mails a second of all instances")
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = None
    smtp_per_second: float = Field(100, gt=0, le=100_000, description="mails a second of all instances")
    mail_routes: str = Field("", max_length=4096, description="REGION=PROVIDER,PROVIDER;*=…: who is asked first")

    sendgrid_webhook_keys: PublicKeys = Field(
        (), description="verify its event webhook: base64 DER as SendGrid shows them, comma separated; none: it is off"
    )
    mail_from: MailAddress
    # Below 10 s (DESIGN §6); the claim's lease is derived from them.
    provider_deadline_s: float = Field(8.0, gt=0, lt=10, description="one send, from connecting to the answer")
    provider_patience_s: float = Field(1.0, gt=0, lt=10, description="the same while another provider can be asked")
    # Relays look through a mail before they answer, which takes many of them longer than a second each time.
    smtp_patience_s: float = Field(3.0, gt=0, lt=10, description="the same of a relay")
    circuit_open_s: float = Field(10, gt=0, le=600, description="how long a provider that fails is left alone")
    # One core makes about 1,000 mails a second: 200 of them are with a provider that takes 200 ms, and about as many
    # are before or behind that. Each holds a connection to the provider.
    sends_at_once: int = Field(400, ge=1, le=1_000, description="codes in flight")
    bulk_per_second: float = Field(50, ge=1, le=10_000, description="announcements a second of all instances")

    @property
    def announcements_at_once(self) -> int:
        """Enough for two beats of them (redis_bucket.py): a provider that takes longer slows them down."""
        return min(MOST_ANNOUNCEMENTS, max(16, ceil(self.bulk_per_second * 2 * BEAT_S)))

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of those that are set up."""
        set_up = {"sendgrid": self.sendgrid_api_key, "smtp": self.smtp_url}
        return tuple(name for name, value in set_up.items() if value is not None)

    @property
    def per_second(self) -> dict[str, float]:
        """Mails of all instances, of those that are set up."""
        all_rates = {"sendgrid": self.sendgrid_per_second, "smtp": self.smtp_per_second}
        return {name: all_rates[name] for name in self.providers}

    @property
    def patience_s(self) -> dict[str, float]:
        """Of those that are set up, while another one can be asked."""
        all_s = {"sendgrid": self.provider_patience_s, "smtp": self.smtp_patience_s}
        return {name: min(all_s[name], self.provider_deadline_s) for name in self.providers}

    @model_validator(mode="after")
    def _mails_have_a_way(self) -> Self:
        if not self.providers:
            raise ValueError("set GATEPOST_SENDGRID_API_KEY, GATEPOST_SMTP_URL or both")
        MailRoutes.parse(self.mail_routes, self.providers)
        if self.smtp_url is not None and not self.mail_from.isascii():
            raise ValueError("GATEPOST_MAIL_FROM must be ASCII for a relay: write its domain as xn--…")
        return self
