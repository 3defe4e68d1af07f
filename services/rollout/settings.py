"""What rollout is told from outside."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, SecretStr

from services.rollout.domain.roles import ROLES
from shared.settings import CredentialsText, DatabaseSettings, ServiceSettings

# Of auth and the notifier: one list of operators may serve all of us, as in deploy/compose.yaml.
ELSEWHERE: Final = frozenset({"support"})


def _known_roles(text: SecretStr) -> SecretStr:
    """A misspelt role would let its owner in nowhere, and nobody would know why."""
    roles = {entry.split(":")[1] for entry in text.get_secret_value().split(",")}
    if unknown := roles - ROLES - ELSEWHERE:
        raise ValueError(f"unknown roles: {', '.join(sorted(unknown))}")
    return text


class RolloutSettings(ServiceSettings, DatabaseSettings):
    operators: Annotated[CredentialsText, AfterValidator(_known_roles)] = Field(
        description="name:role:<sha256 hex of the token> of those who may see or change regions"
    )
