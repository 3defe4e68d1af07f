"""What services refuse to start with when they are told who operates them."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.rollout.use_cases.changes import SYSTEM
from shared.operator_settings import OperatorSettings
from tests.unit.shared.test_settings import CALLERS

LIST = f"sam:viewer:{'0' * 64}"
WITH = {"operators": LIST, "oidc_issuer": "https://login.example/realms/staff", "oidc_audience": "gatepost"}


def settings(**changed: Any) -> OperatorSettings:
    return OperatorSettings.model_validate(WITH | changed)


def test_without_an_issuer_it_is_off() -> None:
    assert OperatorSettings.model_validate({"operators": LIST}).oidc_issuer is None


def test_one_list_may_serve_all_services() -> None:
    roles = ("viewer", "release_manager", "approver", "admin", "support")
    settings(operators=",".join(f"sam:{role}:{'0' * 64}" for role in roles))


def test_a_misspelt_role_of_the_list_is_named() -> None:
    with pytest.raises(ValidationError, match="unknown roles: auth"):
        settings(operators=CALLERS)


def test_nobody_is_called_as_the_audit_calls_nobody() -> None:
    with pytest.raises(ValidationError, match="system is nobody's name"):
        settings(operators=f"{LIST}, {SYSTEM}:admin:{'0' * 64}")


@pytest.mark.parametrize(
    "issuer", ["https://login.example", "https://login.example/", "https://login.example:8443/t", "http://127.0.0.1:8080",
               "http://localhost:8080/realms/dev", "http://[::1]:8080"],
)  # fmt: skip
def test_an_issuer_stays_as_it_is_written(issuer: str) -> None:
    assert settings(oidc_issuer=issuer).oidc_issuer == issuer


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"oidc_issuer": "http://login.example"}, "must be https://"),
        ({"oidc_issuer": "http://127.0.0.1.example"}, "must be https://"),
        ({"oidc_issuer": "login.example"}, "must be https://"),
        ({"oidc_issuer": ""}, "must be https://"),
        ({"oidc_issuer": "https://"}, "must be https://"),
        ({"oidc_issuer": "https://login.example?tenant=1"}, "must have no query"),
        ({"oidc_issuer": "https://login.example#1"}, "neither a user nor a fragment"),
        ({"oidc_issuer": "https://kim:secret@login.example"}, "neither a user nor a fragment"),
        ({"oidc_issuer": "https://login.example/a b"}, "ASCII without spaces"),
        ({"oidc_jwks_url": "http://login.example/keys"}, "must be https://"),
        ({"oidc_audience": None}, "GATEPOST_OIDC_AUDIENCE is missing"),
        ({"oidc_audience": ""}, "at least 1 character"),
        ({"oidc_issuer": None}, "GATEPOST_OIDC_ISSUER is missing"),
        ({"oidc_role_claim": ""}, "at least 1 character"),
        ({"oidc_name_claim": ""}, "at least 1 character"),
        ({"oidc_roles": ""}, "entry 1: expected value=role"),
        ({"oidc_roles": "ops=viewer,admin"}, "entry 2: expected value=role"),
        ({"oidc_roles": "ops=viewr,boss=amdin"}, "unknown roles: amdin, viewr"),
        ({"oidc_roles": "ops="}, "unknown roles"),
    ],
)
def test_what_would_not_work_is_told_at_the_start(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings(**changed)


@pytest.mark.parametrize("name", ["audience", "jwks_url", "role_claim", "roles", "name_claim"])
def test_half_of_it_is_refused(name: str) -> None:
    value = {"jwks_url": "https://login.example/keys", "roles": "ops=viewer"}.get(name, "x")
    with pytest.raises(ValidationError, match="GATEPOST_OIDC_ISSUER is missing"):
        OperatorSettings.model_validate({"operators": LIST, f"oidc_{name}": value})


def test_a_value_may_stand_for_several_roles_and_have_an_equals_sign_in_it() -> None:
    mapped = settings(oidc_roles="ops=viewer, ops=approver,CN=Boss=admin").oidc_roles
    assert mapped == {"ops": frozenset({"viewer", "approver"}), "CN=Boss": frozenset({"admin"})}


def test_the_mapping_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (WITH | {"oidc_roles": "ops=viewer"}).items():
        monkeypatch.setenv(f"GATEPOST_{name.upper()}", value)
    assert OperatorSettings().oidc_roles == {"ops": frozenset({"viewer"})}
