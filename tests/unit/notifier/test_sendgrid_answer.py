"""What SendGrid's statuses mean, and how long we wait when it asks us to."""

from datetime import timedelta

import pytest

from services.notifier.adapters.sendgrid_answer import answer_of, is_our_fault
from services.notifier.domain.provider_answer import Accepted, Refused, Unknown
from tests.unit.notifier.fakes import NOW

IN_20_S = str(int(NOW.timestamp()) + 20)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_accepted(status: int) -> None:
    assert answer_of(status, {}, NOW) == Accepted()


@pytest.mark.parametrize("status", [400, 413])
def test_a_mail_that_sendgrid_cannot_take_is_refused_for_good(status: int) -> None:
    assert answer_of(status, {}, NOW) == Refused(f"http-{status}", permanent=True)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 405, 408, 415, 429, 500, 503])
def test_everything_else_is_refused_for_now(status: int) -> None:
    assert answer_of(status, {}, NOW) == Refused(f"http-{status}")


def test_a_gateway_that_gave_up_waiting_leaves_us_in_doubt() -> None:
    assert answer_of(502, {}, NOW) == Unknown("http-502")
    assert answer_of(504, {}, NOW) == Unknown("http-504")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "86400"}, 60),
        ({"Retry-After": "99999999999"}, 60),
        ({"Retry-After": "Tue, 24 Nov 2026 14:05:45 GMT"}, 15),
        ({"Retry-After": "Tue, 24 Nov 2020 14:05:45 GMT"}, 1),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": IN_20_S}, 20),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, 1),
        ({"Retry-After": "7", "X-RateLimit-Reset": IN_20_S}, 7),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_is_the_providers_within_one_and_sixty_seconds(
    headers: dict[str, str], seconds: int, status: int
) -> None:
    answer = answer_of(status, headers, NOW)
    assert isinstance(answer, Refused)
    assert answer.retry_after is not None
    assert abs(answer.retry_after - timedelta(seconds=seconds)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "headers", [{}, {"Retry-After": ""}, {"Retry-After": "-5"}, {"Retry-After": "１"}, {"X-RateLimit-Reset": "never"}]
)
def test_a_wait_that_makes_no_sense_is_none(headers: dict[str, str]) -> None:
    assert answer_of(429, headers, NOW) == Refused("http-429")


def test_too_many_requests_last_until_the_reset_even_without_a_count() -> None:
    answer = answer_of(429, {"Retry-After": "soon", "X-RateLimit-Reset": IN_20_S}, NOW)
    assert isinstance(answer, Refused)
    assert answer.retry_after is not None
    assert abs(answer.retry_after - timedelta(seconds=20)) < timedelta(seconds=1)


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_an_error_while_calls_are_left_is_no_wish_for_patience(status: int) -> None:
    """SendGrid says in every answer when its period ends; one error would else stop all instances until then."""
    headers = {"X-RateLimit-Remaining": "9000", "X-RateLimit-Reset": IN_20_S}
    assert answer_of(status, headers, NOW) == Refused(f"http-{status}")


def test_the_last_call_of_a_period_is_accepted_with_a_pause() -> None:
    assert answer_of(202, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": IN_20_S}, NOW) == Accepted()
    answer = answer_of(202, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": IN_20_S}, NOW)
    assert isinstance(answer, Accepted)
    assert answer.pause is not None


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 99999999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 +99999999999999999999"]
)
def test_a_hostile_date_is_no_accident(date: str) -> None:
    assert answer_of(429, {"Retry-After": date}, NOW) == Refused("http-429")


@pytest.mark.parametrize("status", [302, 401, 403, 404, 405, 415])
def test_a_wrong_key_or_address_is_our_fault(status: int) -> None:
    assert is_our_fault(status)


@pytest.mark.parametrize("status", [202, 400, 408, 413, 429, 500, 503])
def test_the_mail_and_the_load_are_not_our_fault(status: int) -> None:
    assert not is_our_fault(status)
