"""What rollout is told from outside."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from services.rollout.domain.roles import ROLES
from shared.settings import CredentialsText, DatabaseSettings, ServiceSettings


def _known_roles(text: SecretStr) -> SecretStr:
    """A misspelt role would let its owner in nowhere, and nobody would know why."""
    roles = {entry.split(":")[1] for entry in text.get_secret_value().split(",")}
    if unknown := roles - ROLES:
        raise ValueError(f"unknown roles: {', '.join(sorted(unknown))}")
    return text


class RolloutSettings(ServiceSettings, DatabaseSettings):
    operators: Annotated[CredentialsText, AfterValidator(_known_roles)] = Field(
        description="name:role:<sha256 hex of the token> of those who may see or change regions"
    )
