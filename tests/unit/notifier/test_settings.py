"""What the notifier refuses to start with."""

import base64
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from deploy.local.keys import generate_keys
from services.notifier.settings import NotifierSettings

KEYS = generate_keys(secrets.token_bytes)
_ED25519 = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ED25519 = base64.b64encode(_ED25519).decode()

GOOD: dict[str, Any] = {
    "port": 38003,
    "kafka": "127.0.0.1:9092",
    "redis_url": "redis://127.0.0.1:6379/0",
    "sealing_private_keys": "n1:" + "A" * 43,
    "sendgrid_api_key": "SG.secret-key",
    "suppression_keys": "s1:" + "B" * 42 + "A",
    "operators": f"sam:support:{'0' * 64}",
    "mail_from": "no-reply@gatepost.example",
    "mail_domain": "gatepost.example",
    "brand": "Gatepost",
}


def settings(**changed: Any) -> NotifierSettings:
    return NotifierSettings(**(GOOD | changed))


def test_sendgrid_itself_is_the_default_provider() -> None:
    assert settings().sendgrid_url == "https://api.sendgrid.com"


@pytest.mark.parametrize(
    "name",
    [
        "redis_url",
        "sealing_private_keys",
        "sendgrid_api_key",
        "suppression_keys",
        "operators",
        "mail_from",
        "mail_domain",
        "brand",
    ],
)
def test_what_is_ours_to_know_has_no_default(name: str) -> None:
    with pytest.raises(ValidationError):
        NotifierSettings(**{key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("brand", "Gate\npost"),
        ("brand", "Gate\u202epost"),
        ("brand", ""),
        ("mail_from", "Gatepost <no-reply@gatepost.example>"),
        ("mail_from", "no-reply@gatepost.example\r\nBcc: a@b.example"),
        ("mail_domain", "gatepost.example #1"),
        ("mail_domain", "https://gatepost.example"),
        ("brand_color", "red"),
        ("brand_color", "#fff;background:url(//evil.example)"),
        ("support_address", "Support <help@gatepost.example>"),
        ("mail_templates", "/no/such/folder"),
        ("sendgrid_url", "api.sendgrid.com"),
        ("sendgrid_url", "https://api.sendgrid.com/v3"),
        ("sendgrid_url", "https://user:key@api.sendgrid.com"),
        ("provider_deadline_s", 10),
        ("provider_deadline_s", 0),
        ("smtp_url", "smtp://relay.example"),
        ("smtp_url", "smtps://user@relay.example"),
        ("mail_routes", "emea=smtp"),
        ("mail_routes", "emea"),
        ("mail_routes", "emea=sendgrid,sendgrid"),
        ("sendgrid_webhook_keys", "not-a-key"),
        ("sendgrid_webhook_keys", KEYS.webhook_private),
        ("sendgrid_webhook_keys", f"{KEYS.webhook_public},{ED25519}"),
    ],
)
def test_a_setting_that_would_change_the_mail_or_its_way_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        settings(**{name: value})


def test_keys_of_the_webhook_are_a_list_that_may_be_empty() -> None:
    assert settings().sendgrid_webhook_keys == ()
    assert settings(sendgrid_webhook_keys=f"{KEYS.webhook_public}, ").sendgrid_webhook_keys == (KEYS.webhook_public,)


def test_a_private_key_put_there_by_mistake_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as refused:
        settings(sendgrid_webhook_keys=KEYS.webhook_private)
    assert KEYS.webhook_private not in str(refused.value)


def test_secrets_do_not_show() -> None:
    assert "secret-key" not in repr(settings())
    assert "A" * 43 not in repr(settings())


def test_a_relay_will_do_without_sendgrid() -> None:
    values = {**GOOD, "sendgrid_api_key": None, "smtp_url": "smtps://relay.example"}
    assert NotifierSettings(**values).providers == ("smtp",)


def test_a_relay_that_looks_through_mails_is_waited_for_longer_but_never_beyond_the_deadline() -> None:
    relay = {"smtp_url": "smtps://relay.example"}
    assert settings(**relay).patience_s == {"sendgrid": 1, "smtp": 3}
    assert settings(**relay, provider_deadline_s=2).patience_s == {"sendgrid": 1, "smtp": 2}
    assert settings(**relay, smtp_patience_s=0.5).patience_s == {"sendgrid": 1, "smtp": 0.5}
