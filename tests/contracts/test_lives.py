"""Settings of two services that must fit together."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.auth.settings import AuthSettings
from services.notifier.domain.claim import SendTerms
from shared.redelivery import TIERS


def test_the_shortest_challenge_leaves_time_for_late_mail_and_retries() -> None:
    bounds = AuthSettings.model_fields["challenge_life_s"].metadata
    shortest = timedelta(seconds=next(bound.ge for bound in bounds if hasattr(bound, "ge")))
    assert shortest - SendTerms().least_life > sum(TIERS[:4], timedelta())


@pytest.mark.parametrize("seconds", [60, 119, 299, 601])
def test_a_challenge_life_that_no_mail_can_meet_is_refused(seconds: int) -> None:
    with pytest.raises(ValidationError) as refused:
        AuthSettings(challenge_life_s=seconds)
    assert ("challenge_life_s",) in [problem["loc"] for problem in refused.value.errors()]
