"""What a PUT may say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from services.rollout.api.region_bodies import PolicyRequest
from services.rollout.domain.region import Policy
from shared.events import PolicyMode

PLAIN: dict[str, Any] = {"mode": "off", "reason": "wave 1"}


def test_dates_are_read_with_their_offset_and_kept_in_utc() -> None:
    request = PolicyRequest.model_validate(PLAIN | {"enforce_at": "2027-01-01T00:30:00+02:00"})
    assert request.policy == Policy(PolicyMode.OFF, 0, None, datetime(2026, 12, 31, 22, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "on"},
        {"mode": None},
        {"mode": ["off"]},
        {"mode": "ramp"},
        {"mode": "ramp", "percent": None},
        {"mode": "ramp", "percent": -1},
        {"mode": "ramp", "percent": 10_001},
        {"mode": "ramp", "percent": 2.0},
        {"mode": "ramp", "percent": "2500"},
        {"mode": "ramp", "percent": True},
        {"mode": "ramp", "percent": 10**40},
        {"reason": None},
        {"reason": 5},
        {"reason": "ab"},
        {"reason": "wave\0 1"},
        {"reason": "wave \ud800 1"},
        {"enforce_at": 1_800_000_000},
        {"enforce_at": "1800000000"},
        {"enforce_at": "2027-01-01"},
        {"enforce_at": "2027-01-01T00:00:00"},
        {"enforce_at": "2027-02-30T00:00:00Z"},
        {"enforce_at": "９９99-01-01T00:00:00Z"},
        {"enforce_at": "9999-12-31T23:59:59-05:00"},
        {"enforce_at": "0001-01-01T00:00:00+05:00"},
        {"announce_at": "2027-01-02T00:00:00Z", "enforce_at": "2027-01-01T00:00:00Z"},
        {"salt": "mine"},
        {"version": 7},
        {"bypass_until": "2027-01-01T00:00:00Z"},
    ],
)
def test_what_does_not_fit_is_refused_without_being_quoted(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        PolicyRequest.model_validate(PLAIN | change)
    assert "input_value" not in str(refused.value)
