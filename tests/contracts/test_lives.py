"""Settings of two services that must fit together."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from services.auth.settings import AuthSettings
from services.notifier.domain.claim import SendTerms
from services.notifier.settings import NotifierSettings
from services.otp.adapters.redis_challenges import OUTLIVES_MS
from services.otp.settings import OtpSettings
from shared.commands.key_files import CODES_ARE_OVER_S, READ_BY_ALL_S, SEALED_IS_OVER_S
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


def test_no_key_is_retired_or_promoted_while_somebody_may_still_need_the_one_before() -> None:
    longest_code = timedelta(seconds=_most(AuthSettings, "challenge_life_s"), milliseconds=OUTLIVES_MS)
    notice = timedelta(seconds=AuthSettings.model_fields["notice_life_s"].default)

    for settings in (OtpSettings, NotifierSettings):
        assert 2 * _most(settings, "key_refresh_s") <= READ_BY_ALL_S
    assert longest_code + timedelta(seconds=READ_BY_ALL_S) <= timedelta(seconds=CODES_ARE_OVER_S)
    assert notice + timedelta(seconds=READ_BY_ALL_S) <= timedelta(seconds=SEALED_IS_OVER_S)


def _most(settings: type[BaseSettings], name: str) -> float:
    found: float = next(bound.le for bound in settings.model_fields[name].metadata if hasattr(bound, "le"))
    return found
