"""Who operates a service: a list of tokens, and whoever an OpenID Connect issuer vouches for."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode

from shared.settings import CredentialsText, KafkaSettings

NOBODY: Final = "system"  # as an actor, in the audits

# Of all services: one list, and one mapping, serve them all.
OPERATOR_ROLES: Final = frozenset({"viewer", "support", "release_manager", "approver", "admin"})


def _known(roles: set[str]) -> None:
    """A misspelt role would let its owner in nowhere, and nobody would know why."""
    if unknown := roles - OPERATOR_ROLES:
        raise ValueError(f"unknown roles: {', '.join(sorted(unknown))}")


def _operators(text: SecretStr) -> SecretStr:
    entries = [entry.strip().split(":") for entry in text.get_secret_value().split(",")]
    _known({role for _, role, _ in entries})
    if any(name == NOBODY for name, _, _ in entries):
        raise ValueError(f"{NOBODY} is nobody's name: it stands in the audit where nobody asked for it just then")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str) -> str:
    """Raises: ValueError for what keys may not be fetched from: whoever sits on the way could put in keys of theirs."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or plain):
        raise ValueError("must be https://…, or http:// to this machine")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("must have neither a user nor a fragment")
    if not re.fullmatch(r"[!-~]+", url):
        raise ValueError("must be ASCII without spaces")
    return url


def _issuer(url: str) -> str:
    if urlsplit(url).query:
        raise ValueError("must have no query")
    return checked_url(url)


def _role_map(text: Any) -> Any:
    """`value=role,value=role`; a value may stand for several roles, and have a `=` in it."""
    if not isinstance(text, str):
        return text
    found: dict[str, frozenset[str]] = {}
    for place, entry in enumerate(text.split(","), start=1):
        value, _, role = (part.strip() for part in entry.rpartition("="))
        if not value:
            raise ValueError(f"entry {place}: expected value=role")
        found[value] = found.get(value, frozenset()) | {role}
    _known(set[str]().union(*found.values()))
    return found


RoleMap = Annotated[Mapping[str, frozenset[str]], NoDecode, BeforeValidator(_role_map)]
Url = Annotated[str, AfterValidator(checked_url)]


class OperatorSettings(BaseSettings):
    model_config = KafkaSettings.model_config

    operators: Annotated[CredentialsText, AfterValidator(_operators)] = Field(
        description="name:role:<sha256 hex of the token>, comma separated"
    )
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(
        None, description="`iss` of operators' tokens, to the letter; none: operators have tokens of the list only"
    )
    oidc_audience: str | None = Field(None, min_length=1, description="what must be in their `aud`")
    oidc_jwks_url: Url | None = Field(None, description="the issuer's keys; else its discovery document says where")
    oidc_role_claim: str = Field("roles", min_length=1, description="its name, or a path such as realm_access.roles")
    oidc_roles: RoleMap | None = Field(
        None, description="value=role,value=role; none: a value of the claim is the role of that name"
    )
    oidc_name_claim: str = Field("sub", min_length=1, description="who it was, in the audit: must never change")

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        if self.oidc_issuer is None and any(name.startswith("oidc_") for name in self.model_fields_set):
            raise ValueError("GATEPOST_OIDC_ISSUER is missing: without it no other GATEPOST_OIDC_… counts")
        if self.oidc_issuer is not None and self.oidc_audience is None:
            raise ValueError("GATEPOST_OIDC_AUDIENCE is missing: any token of that issuer would do")
        return self
