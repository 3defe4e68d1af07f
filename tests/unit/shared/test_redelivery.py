"""Where a message goes that could not be handled."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloudevents import Headers, Undecodable
from shared.redelivery import (
    ATTEMPT,
    ERROR_CLASS,
    NOT_BEFORE,
    OVERSIZED,
    TIERS,
    Redelivery,
    TryLater,
    Unhandleable,
    attempt_of,
    carried,
    not_before_of,
    redeliver,
)
from shared.unavailable import DependencyUnavailable
from tests.unit.shared.samples import NOW

TOPIC = "gatepost.otp.passcode-issued.v1"


def after(error: Exception, attempt: int = 0, worthless_after: timedelta | None = None) -> Redelivery:
    until = NOW + worthless_after if worthless_after else None
    return redeliver(TOPIC, {ATTEMPT: str(attempt)}, error, now=NOW, worthless_after=until)


@pytest.mark.parametrize(("attempt", "tier"), list(enumerate(TIERS)))
def test_each_failure_waits_for_its_tier(attempt: int, tier: timedelta) -> None:
    next_stop = after(DependencyUnavailable("redis"), attempt)

    assert next_stop.topic == f"{TOPIC}.retry.v1"
    assert next_stop.headers == {
        ATTEMPT: str(attempt + 1),
        ERROR_CLASS: "DependencyUnavailable",
        NOT_BEFORE: (NOW + tier).isoformat(),
    }
    assert not next_stop.dead


def test_after_the_last_tier_it_is_dead() -> None:
    next_stop = after(ValueError("402817"), len(TIERS))

    assert next_stop == Redelivery(
        f"{TOPIC}.dlq.v1", {ATTEMPT: str(len(TIERS) + 1), ERROR_CLASS: "ValueError"}, exhausted=True
    )
    assert next_stop.dead


@pytest.mark.parametrize("error", [Unhandleable(), Undecodable("does not fit")])
def test_what_no_retry_can_mend_is_dead_at_once(error: Exception) -> None:
    assert after(error).dead


def test_a_handler_says_itself_when_to_come_back() -> None:
    assert after(TryLater(timedelta(seconds=7))).headers[NOT_BEFORE] == (NOW + timedelta(seconds=7)).isoformat()


def test_whoever_asks_for_another_time_is_only_limited_by_the_end_of_the_events_life() -> None:
    patient = after(TryLater(timedelta(seconds=2)), len(TIERS) + 20, worthless_after=timedelta(minutes=5))
    assert patient.headers[NOT_BEFORE] == (NOW + TIERS[-1]).isoformat()  # and never in a hurry
    assert after(TryLater(timedelta(seconds=2)), len(TIERS)).dead


def test_a_missing_dependency_is_waited_for_until_the_end_of_the_events_life() -> None:
    missing = DependencyUnavailable("sendgrid")
    assert not after(missing, len(TIERS) + 20, worthless_after=timedelta(hours=5)).dead
    assert after(missing, len(TIERS) + 20, worthless_after=timedelta(seconds=30)).exhausted
    assert after(ValueError(), len(TIERS), worthless_after=timedelta(hours=5)).dead  # ours to mend, not to wait for


def test_what_goes_along_is_ours_and_bounded() -> None:
    ours = {"ce_id": "1", "traceparent": "00-x", "content-type": "application/json", ATTEMPT: "1"}
    foreign = {"baggage": "user=ada", "ce_huge": "x" * 5_000}
    assert carried(b"key", b"body", ours | foreign) == (b"key", b"body", ours)

    key, body, headers = carried(b"k" * 5_000, b"x" * 300_000, ours)
    assert (key, body, headers[OVERSIZED]) == (None, b"", "300000")


def test_a_retry_that_would_come_too_late_is_not_made() -> None:
    assert after(ValueError(), 3, worthless_after=TIERS[3]).dead
    assert not after(ValueError(), 3, worthless_after=TIERS[3] + timedelta(milliseconds=1)).dead
    assert after(TryLater(timedelta(minutes=10)), worthless_after=timedelta(minutes=5)).dead


def test_the_tiers_outlast_an_outage_as_long_as_a_code_lives() -> None:
    assert timedelta(minutes=8) < sum(TIERS, timedelta()) < timedelta(minutes=10)


@given(st.text(max_size=60), st.text(max_size=60))
def test_foreign_nonsense_in_our_headers_counts_as_absent(attempt: str, not_before: str) -> None:
    headers: Headers = {ATTEMPT: attempt, NOT_BEFORE: not_before}

    assert 0 <= attempt_of(headers) < 1000
    assert not_before_of({}) is None
    due = not_before_of(headers)
    assert due is None or due.tzinfo is not None


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1.0", "٣", "²", "9" * 4, "NaN"])
def test_an_attempt_that_is_no_small_number_is_none(text: str) -> None:
    assert attempt_of({ATTEMPT: text}) == 0


@pytest.mark.parametrize("text", ["", "soon", "2026-11-24T09:00:00", "2026-11-24", "0"])
def test_a_time_without_an_offset_does_not_delay(text: str) -> None:
    assert not_before_of({NOT_BEFORE: text}) is None


@given(st.text(max_size=200))
def test_only_the_class_of_an_error_travels(message: str) -> None:
    secret = f"kim@customer.example {message}"

    assert "customer.example" not in str(after(RuntimeError(secret)).headers)
