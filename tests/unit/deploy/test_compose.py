"""No Docker engine runs the compose file in these tests; what can be known without one is checked."""

import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from deploy.local.keys import generate_keys
from deploy.make_env import YOURS, env_lines
from services.auth.settings import AuthSettings
from services.notifier.settings import NotifierSettings
from services.otp.settings import OtpSettings
from services.rollout.settings import RolloutSettings
from tests.certificates import Authority

DEPLOY = Path(__file__).parents[3] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SETTINGS: dict[str, type[BaseSettings]] = {
    "auth": AuthSettings,
    "otp": OtpSettings,
    "notifier": NotifierSettings,
    "rollout": RolloutSettings,
}
WEBHOOK_KEY = generate_keys(secrets.token_bytes).webhook_public
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
IMAGE = {"GATEPOST_PORT": "8000", "GATEPOST_HOST": "0.0.0.0"}  # as deploy/Dockerfile sets them
LIMITS = {
    f"GATEPOST_{name}" for name in re.findall(r"`([A-Z0-9_]{5,})[=`]", (DEPLOY.parent / "docs/limits.md").read_text())
}
# What the documents say an operator may set.
PAGES = [DEPLOY.parent / name for name in ("README.md", "CHANGELOG.md")] + list((DEPLOY.parent / "docs").rglob("*.md"))
DOCUMENTED = {name for page in PAGES for name in re.findall(r"GATEPOST_[A-Z0-9_]+", page.read_text())}
# For our own tests, and what others are derived from.
NOBODYS = {"GATEPOST_SENDGRID_URL", "GATEPOST_KAFKA_DEADLINE_S", "GATEPOST_KAFKA_FETCH_WAIT_MS"}


def variables(service: str) -> dict[str, str]:
    """Each setting's variable, and the name of its field."""
    return {f"GATEPOST_{name.upper()}": name for name in SETTINGS[service].model_fields}


def made() -> dict[str, str]:
    """What `make_env` writes."""
    lines = env_lines(generate_keys(secrets.token_bytes), "a-password")
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def offered() -> dict[str, str]:
    """What it leaves to the reader, in the order in which it does."""
    lines = [line[1:].split("=", 1) for line in YOURS.splitlines() if re.match(r"#[A-Z_]+=", line)]
    return {name: value.strip("'") for name, value in lines} | {"GATEPOST_SENDGRID_WEBHOOK_KEYS": WEBHOOK_KEY}


def least() -> dict[str, str]:
    needed = ("GATEPOST_MAIL_FROM", "GATEPOST_MAIL_DOMAIN", "GATEPOST_SMTP_URL")
    return made() | {name: value for name, value in offered().items() if name in needed}


def given(service: str, env: dict[str, str], certificates: Iterable[Path] = ()) -> dict[str, str]:
    """What compose hands to a service; one without a value comes from .env, or is absent (Compose's pass-through)."""
    described = COMPOSE["services"][service]
    mounted = {parts[1]: parts[0] for parts in (volume.split(":") for volume in described.get("volumes", []))}
    mounted |= {f"/etc/gatepost/redis/{file.name}": str(file) for file in certificates}
    found = dict(IMAGE)
    for name, value in described["environment"].items():
        if value is not None:
            found[name] = filled(str(value), env)
        elif name in env:
            found[name] = env[name]
    return {name: str(DEPLOY / mounted[value]) if value in mounted else value for name, value in found.items()}


def filled(value: str, env: dict[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        return env[name] if kind != "-" else env.get(name, default)

    return _VARIABLE.sub(fill, value)


def settings(
    service: str, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, certificates: Iterable[Path] = ()
) -> dict[str, Any]:
    for name in [name for name in os.environ if name.startswith("GATEPOST_")]:
        monkeypatch.delenv(name)
    for name, value in given(service, env, certificates).items():
        monkeypatch.setenv(name, value)
    return SETTINGS[service]().model_dump()


@pytest.mark.parametrize("service", SETTINGS)
def test_compose_gives_each_service_the_settings_it_needs(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(service, least(), monkeypatch)["port"] == 8000


@pytest.mark.parametrize("service", SETTINGS)
def test_what_the_documents_name_can_be_set_in_compose(service: str) -> None:
    missing = variables(service).keys() & (DOCUMENTED | LIMITS) - COMPOSE["services"][service]["environment"].keys()
    assert missing == set()


def test_the_notifier_can_be_told_all_that_it_knows() -> None:
    told = COMPOSE["services"]["notifier"]["environment"].keys() | IMAGE.keys()
    assert variables("notifier").keys() - told == NOBODYS


@pytest.mark.parametrize("service", SETTINGS)
def test_every_variable_is_a_setting_and_stands_in_the_env_file(service: str) -> None:
    environment = COMPOSE["services"][service]["environment"]
    assert {name for name in environment if name.startswith("GATEPOST_")} <= variables(service).keys()
    passed_on = {name for name, value in environment.items() if value is None}
    assert passed_on - offered().keys() <= LIMITS


def test_what_the_env_file_offers_is_used_and_shows_the_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = tmp_path / "redis"
    Authority(directory).sign(name="client")
    used = set()
    for service in SETTINGS:
        told = settings(service, made() | offered(), monkeypatch, directory.iterdir())
        for name in offered().keys() & given(service, made() | offered()).keys():
            used.add(name)
            field = variables(service)[name]
            default = SETTINGS[service].model_fields[field].default
            assert default in (None, (), "", PydanticUndefined, told[field])
        url = told.get("redis_url")
        used |= {name for name, value in offered().items() if url and value == url.get_secret_value()}
    assert used == offered().keys()


@pytest.mark.parametrize("service", SETTINGS)
def test_no_service_gets_a_secret_of_another(service: str) -> None:
    owners = {
        "GATEPOST_SEALING_PRIVATE_KEYS": {"notifier"},
        "GATEPOST_STORAGE_KEYS": {"auth"},
        "GATEPOST_PEPPERS": {"otp"},
        "GATEPOST_CODE_KEYS": {"otp"},
        "GATEPOST_OTP_CREDENTIAL": {"auth"},
        "GATEPOST_SENDGRID_API_KEY": {"notifier"},
        "GATEPOST_SMTP_URL": {"notifier"},
        "GATEPOST_SUPPRESSION_KEYS": {"notifier"},
    }
    told = COMPOSE["services"][service]["environment"]
    assert {name for name, allowed in owners.items() if name in told and service not in allowed} == set()


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
