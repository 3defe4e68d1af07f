"""The answer to a code that is not looked at."""

import json
from datetime import datetime, timedelta

import pytest

from services.auth.api.too_many_attempts import too_many_attempts
from services.auth.use_cases.verify_challenge import Barred, TooManyAttempts
from tests.fakes import NOW


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (timedelta(hours=1), "3600"),
        (timedelta(seconds=1, microseconds=1), "2"),  # never too early
        (timedelta(microseconds=1), "1"),
        (timedelta(0), "1"),
        (timedelta(seconds=-5), "1"),
    ],
    ids=str,
)
def test_it_says_when_to_come_back(wait: timedelta, seconds: str) -> None:
    response = too_many_attempts(TooManyAttempts(NOW + wait), NOW)
    body = json.loads(bytes(response.body))

    assert (response.status_code, response.headers["Retry-After"]) == (429, seconds)
    assert datetime.fromisoformat(body["retry_at"]) == NOW + wait
    assert body["attempts_remaining"] == 0


def test_where_waiting_does_not_help_no_time_is_named() -> None:
    response = too_many_attempts(TooManyAttempts(), NOW)

    assert response.status_code == 429
    assert "Retry-After" not in response.headers
    assert "retry_at" not in json.loads(bytes(response.body))
    assert "reason" not in json.loads(bytes(response.body))


@pytest.mark.parametrize("barred", list(Barred))
def test_where_wrong_codes_of_these_days_are_not_the_reason_the_reason_is_named(barred: Barred) -> None:
    assert json.loads(bytes(too_many_attempts(TooManyAttempts(NOW, barred), NOW).body))["reason"] == barred
    assert json.loads(bytes(too_many_attempts(TooManyAttempts(None, barred), NOW).body))["reason"] == barred
