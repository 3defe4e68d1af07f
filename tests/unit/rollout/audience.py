"""What auth and the notifier tell."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.events import AccountSuppressed, ProviderLimitObserved, RegionPopulationCounted
from tests.fakes import NOW

SALT = "0123456789abcdef"


def population(**changes: Any) -> RegionPopulationCounted:
    """760 accounts whom a policy is about, in four slots."""
    spread = {"salt": SALT, "concerned": [190, 188, 195, 187], "unusable": {1: 2}}
    values = {"region": "emea", "sso": 120, "locked": 3, "totp": 40, "own_mfa": 77, "concerned": 760, "unusable": 2}
    return RegionPopulationCounted.model_validate({**values, "spread": spread, "counted_at": NOW, **changes})


def suppressed(account_id: UUID | None = None, days: int | None = 30, **changes: Any) -> AccountSuppressed:
    until = None if days is None else NOW + timedelta(days=days)
    values = {"account_id": account_id or uuid4(), "region": "emea", "until": until, "at": NOW}
    return AccountSuppressed.model_validate({**values, **changes})


def limit(**changes: Any) -> ProviderLimitObserved:
    values = {"provider": "sendgrid", "most_per_minute": 2_000, "limit_per_minute": None, "set_per_minute": 600_000}
    return ProviderLimitObserved.model_validate({**values, "at": NOW, **changes})
