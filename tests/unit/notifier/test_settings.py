"""What the notifier refuses to start with."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.notifier.settings import NotifierSettings

GOOD: dict[str, Any] = {
    "port": 38003,
    "kafka": "127.0.0.1:9092",
    "redis_url": "redis://127.0.0.1:6379/0",
    "sealing_private_keys": "n1:" + "A" * 43,
    "sendgrid_api_key": "SG.secret-key",
    "mail_from": "no-reply@gatepost.example",
    "mail_domain": "gatepost.example",
    "brand": "Gatepost",
}


def settings(**changed: Any) -> NotifierSettings:
    return NotifierSettings(**(GOOD | changed))


def test_sendgrid_itself_is_the_default_provider() -> None:
    assert settings().sendgrid_url == "https://api.sendgrid.com"


@pytest.mark.parametrize(
    "name", ["redis_url", "sealing_private_keys", "sendgrid_api_key", "mail_from", "mail_domain", "brand"]
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
    ],
)
def test_a_setting_that_would_change_the_mail_or_its_way_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        settings(**{name: value})


def test_secrets_do_not_show() -> None:
    assert "secret-key" not in repr(settings())
    assert "A" * 43 not in repr(settings())
