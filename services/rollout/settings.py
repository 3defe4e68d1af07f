"""What rollout is told from outside."""

from pydantic import Field

from shared.operator_settings import OperatorSettings
from shared.settings import DatabaseSettings, ServiceSettings


class RolloutSettings(ServiceSettings, DatabaseSettings, OperatorSettings):
    instance_forgotten_after_s: int = Field(
        3600, ge=60, le=43_200, description="how long an instance of auth that fell silent is waited for"
    )
