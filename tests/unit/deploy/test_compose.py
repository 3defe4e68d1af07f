"""No Docker engine runs the compose file in these tests; what can be known without one is checked."""

import os
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from deploy.local.keys import generate_keys
from deploy.make_env import env_lines
from services.auth.settings import AuthSettings
from services.notifier.settings import NotifierSettings
from services.otp.settings import OtpSettings
from services.rollout.settings import RolloutSettings

DEPLOY = Path(__file__).parents[3] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SETTINGS: dict[str, type[BaseSettings]] = {
    "auth": AuthSettings,
    "otp": OtpSettings,
    "notifier": NotifierSettings,
    "rollout": RolloutSettings,
}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def dot_env() -> dict[str, str]:
    """What `make_env` writes, and what it asks the reader to add."""
    lines = env_lines(generate_keys(secrets.token_bytes), "a-password")
    made = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    return {
        **made,
        "SENDGRID_API_KEY": "SG.0123456789",
        "MAIL_FROM": "no-reply@example.com",
        "MAIL_DOMAIN": "example.com",
    }


def filled(value: str, env: dict[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        return env[name] if kind != "-" else env.get(name, default)

    return _VARIABLE.sub(fill, value)


@pytest.mark.parametrize("service", SETTINGS)
def test_compose_gives_each_service_the_settings_it_needs(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GATEPOST_")]:
        monkeypatch.delenv(name)
    env = dot_env()
    image = {"GATEPOST_PORT": "8000", "GATEPOST_HOST": "0.0.0.0"}  # as deploy/Dockerfile sets them
    for name, value in {**image, **COMPOSE["services"][service]["environment"]}.items():
        monkeypatch.setenv(name, filled(str(value), env))
    assert SETTINGS[service]().model_dump()["port"] == 8000


@pytest.mark.parametrize("service", SETTINGS)
def test_no_service_gets_a_secret_of_another(service: str) -> None:
    owners = {
        "GATEPOST_SEALING_PRIVATE_KEYS": {"notifier"},
        "GATEPOST_STORAGE_KEYS": {"auth"},
        "GATEPOST_PEPPERS": {"otp"},
        "GATEPOST_CODE_KEYS": {"otp"},
        "GATEPOST_OTP_CREDENTIAL": {"auth"},
        "GATEPOST_SENDGRID_API_KEY": {"notifier"},
        "GATEPOST_SUPPRESSION_KEYS": {"notifier"},
    }
    given = COMPOSE["services"][service]["environment"]
    assert {name for name, allowed in owners.items() if name in given and service not in allowed} == set()


def test_every_service_waits_for_the_topics_and_runs_without_rights() -> None:
    for service in SETTINGS:
        described = COMPOSE["services"][service]
        assert described["depends_on"]["topics"]["condition"] == "service_completed_successfully"
        assert described["cap_drop"] == ["ALL"]
        assert described["read_only"]


def test_files_that_compose_mounts_exist() -> None:
    for described in COMPOSE["services"].values():
        for volume in described.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DEPLOY / source).exists()
