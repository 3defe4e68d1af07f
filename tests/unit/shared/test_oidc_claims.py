"""Where in the claims the roles and the name stand, and what they mean."""

from typing import Any

import pytest

from shared.credentials import Caller
from shared.oidc_claims import OperatorClaims

ROLES = {"ops": frozenset({"viewer", "approver"}), "boss": frozenset({"admin"})}


def read(role_claim: str, claims: dict[str, Any], name_claim: str = "sub") -> Caller | None:
    return OperatorClaims(role_claim, name_claim, ROLES).caller_in({"sub": "kim"} | claims)


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        ("groups", {"groups": ["ops"]}),
        ("realm_access.roles", {"realm_access": {"roles": ["ops", "offline_access"]}}),
        ("resource_access.gatepost.roles", {"resource_access": {"gatepost": {"roles": ["ops"]}}}),
        ("https://example.com/roles", {"https://example.com/roles": ["ops"]}),
    ],
)
def test_roles_stand_where_the_path_says_and_mean_what_the_mapping_says(path: str, claims: dict[str, Any]) -> None:
    assert read(path, claims) == Caller("oidc:kim", frozenset({"viewer", "approver"}))


@pytest.mark.parametrize(
    "claims",
    [{}, {"a": 1}, {"a": {"b": {"c": ["ops"]}}}, {"a": {"b": None}}, {"a": ["b"]}, {"a": {"b": ["viewer", "admin"]}}],
)
def test_elsewhere_or_unmapped_there_are_no_roles(claims: dict[str, Any]) -> None:
    assert read("a.b", claims) == Caller("oidc:kim", frozenset())


@pytest.mark.parametrize(
    "name", ["kim", "auth0|5f7c", "https://login.example/7", "CN=Kim,OU=Staff", "Kim Roe", "k" * 255]
)
def test_a_name_is_kept_as_it_is_behind_a_prefix_that_no_name_of_the_list_can_have(name: str) -> None:
    caller = read("groups", {"oid": name}, "oid")
    assert caller is not None
    assert caller.name == f"oidc:{name}"


@pytest.mark.parametrize("name", [None, "", " kim", "kim ", "k\0m", "k\u00efm", "k" * 256, 7, ["kim"], {"a": 1}])
def test_what_is_no_name_is_nobody(name: Any) -> None:
    assert read("groups", {"oid": name, "groups": ["boss"]}, "oid") is None
