"""More calls at once while a provider keeps up, fewer when it does not."""

from services.notifier.domain.adaptive_limit import AdaptiveLimit


def test_a_failure_takes_a_third() -> None:
    limit = AdaptiveLimit(most=90)
    limit.fell_behind()
    assert limit.calls == 60


def test_calls_that_failed_together_count_once() -> None:
    limit = AdaptiveLimit(most=90)
    for _ in range(90):
        limit.fell_behind()
    assert limit.calls == 60
    limit.fell_behind()
    assert limit.calls == 40


def test_failures_alone_end_at_the_least() -> None:
    limit = AdaptiveLimit(most=90, least=4)
    for _ in range(10_000):
        limit.fell_behind()
    assert limit.calls == 4


def test_a_limits_worth_of_answers_adds_one_and_never_more_than_the_most() -> None:
    limit = AdaptiveLimit(most=90)
    limit.fell_behind()
    for _ in range(61):
        limit.kept_up()
    assert limit.calls == 61
    for _ in range(10_000):
        limit.kept_up()
    assert limit.calls == 90
