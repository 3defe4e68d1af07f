"""The largest of our events, at its largest."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from shared.cloudevents import MOST_BODY_BYTES, body_of, decode, headers_of
from shared.events import COHORTS, CohortSpread, RegionPopulationCounted
from tests.fakes import NOW


def test_a_hundred_million_accounts_without_one_address_are_an_event_that_is_read() -> None:
    each = 10_000
    spread = CohortSpread(salt="s" * 64, concerned=[each] * COHORTS, unusable=dict.fromkeys(range(COHORTS), each))
    counts = dict.fromkeys(("sso", "locked", "totp", "own_mfa"), 0) | dict.fromkeys(
        ("concerned", "unusable"), each * COHORTS
    )
    event = RegionPopulationCounted(region="emea", spread=spread, counted_at=datetime.now(UTC), **counts)
    body = body_of(event)
    assert len(body) < MOST_BODY_BYTES
    assert decode(RegionPopulationCounted, headers_of(event, NOW), body) == event


@pytest.mark.parametrize(
    ("concerned", "unusable"), [([], {}), ([1, 2, 3], {}), ([1, -2], {}), ([1, 2], {2: 1}), ([1] * 20_000, {})]
)
def test_slots_that_do_not_cover_the_ramp_are_refused(concerned: list[int], unusable: dict[int, int]) -> None:
    with pytest.raises(ValidationError):
        CohortSpread(salt="0123456789abcdef", concerned=concerned, unusable=unusable)
