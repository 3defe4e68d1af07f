"""What rollout refuses to start with."""

import pytest
from pydantic import ValidationError

from services.rollout.settings import RolloutSettings


def settings(roles: list[str]) -> RolloutSettings:
    return RolloutSettings.model_validate(
        {
            "port": 38004,
            "kafka": "127.0.0.1:9092",
            "database_url": "postgresql://postgres@127.0.0.1/rollout",
            "operators": ",".join(f"sam:{role}:{'0' * 64}" for role in roles),
        }
    )


def test_one_list_of_operators_may_serve_all_services() -> None:
    settings(["viewer", "release_manager", "approver", "admin", "support"])


def test_a_misspelt_role_is_named() -> None:
    with pytest.raises(ValidationError, match="unknown roles: relase_manager, suport"):
        settings(["admin", "suport", "relase_manager"])
