"""How far an announcement has come: its pace, its rate, its state."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.auth.domain.announcement import MOST_PER_PAGE, Progress, Recipient, Standing, State, page_size
from tests.fakes import NOW
from tests.unit.auth.fake_announcements import announcement

SECOND = timedelta(seconds=1)
START = Progress(next_at=NOW).started(1_000, NOW)


def page(count: int, first: int = 1) -> list[Recipient]:
    return [Recipient(UUID(int=first + number), "kim@customer.example", "de") for number in range(count)]


def standing(progress: Progress, **changes: object) -> Standing:
    return Standing(announcement(uuid4(), **changes), progress)


@pytest.mark.parametrize(("pace", "size"), [(1, 1), (50, 50), (MOST_PER_PAGE, MOST_PER_PAGE), (10_000, MOST_PER_PAGE)])
def test_a_page_is_what_may_go_out_in_a_second(pace: int, size: int) -> None:
    assert page_size(pace) == size


@pytest.mark.parametrize("pace", [1, 7, 50, 600, 9_000])
@pytest.mark.parametrize("look_every", [0.2, 1.0, 1.3])
def test_over_a_minute_the_pace_is_kept_however_often_somebody_looks(pace: int, look_every: float) -> None:
    """Except for what was done at once at the start: less than two seconds' worth."""
    progress, now, end = START, NOW, NOW + 60 * SECOND
    while now < end:
        while progress.next_at <= now:
            progress = progress.after_page(page(page_size(pace)), page_size(pace), pace, now)
        now += timedelta(seconds=look_every)

    catch_up = max(0.0, look_every - 1.0) * 60 * pace  # a look that is late by more than the second that is made up for
    assert 59 * pace - catch_up - pace <= progress.sent <= 62 * pace


def test_what_was_held_up_for_long_is_not_made_up_for() -> None:
    late = NOW + timedelta(hours=1)
    progress = START.after_page(page(50), 50, 50, late)

    assert progress.next_at == late
    assert progress.after_page(page(50), 50, 50, late).next_at == late + SECOND


def test_paging_goes_on_after_the_last_account_of_a_page_and_ends_with_a_short_one() -> None:
    full = START.after_page(page(50), 48, 50, NOW)
    assert (full.after, full.sent, full.unreachable, full.finished_at) == (UUID(int=50), 48, 2, None)
    short = full.after_page(page(3, 51), 3, 50, NOW + SECOND)
    assert (short.after, short.sent, short.unreachable, short.finished_at) == (UUID(int=53), 51, 2, NOW + SECOND)
    empty = full.after_page([], 0, 50, NOW + SECOND)
    assert (empty.after, empty.sent, empty.finished_at) == (UUID(int=50), 48, NOW + SECOND)


def paged_at(*seconds: float, pace: int = 50, progress: Progress = START) -> Progress:
    for second in seconds:
        progress = progress.after_page(page(pace), pace, pace, NOW + timedelta(seconds=second))
    return progress


def test_the_rate_is_that_of_the_last_pages_and_does_not_count_a_standstill() -> None:
    assert paged_at(0).rate == 0
    assert paged_at(0, 1).rate == 50
    assert paged_at(0, 1, 3_600).rate == 50
    assert paged_at(3_601, progress=paged_at(0, 1, 3_600)).rate == 50
    assert paged_at(*range(1, 30), pace=100, progress=paged_at(0)).rate == pytest.approx(100)
    faster = paged_at(*range(2, 22), pace=100, progress=paged_at(0, 1))
    assert faster.rate == pytest.approx(100, rel=0.02)


def test_a_clock_that_steps_back_makes_no_rate_of_it() -> None:
    assert paged_at(0, 1, -100).rate == 50


@pytest.mark.parametrize(
    ("progress", "changes", "state"),
    [
        (Progress(next_at=NOW), {}, State.WAITING),
        (START, {}, State.RUNNING),
        (START, {"paused_at": NOW}, State.PAUSED),
        (replace(START, finished_at=NOW), {"paused_at": NOW}, State.DONE),
        (replace(START, finished_at=NOW), {"expires_at": NOW}, State.DONE),
        (START, {"paused_at": NOW, "expires_at": NOW + SECOND}, State.EXPIRED),
        (replace(START, started_at=NOW - timedelta(minutes=1), next_at=NOW - timedelta(minutes=1)), {}, State.STALLED),
        (replace(START, paged_at=NOW - timedelta(minutes=1)), {}, State.RUNNING),
    ],
)
def test_an_announcement_is_where_it_is(progress: Progress, changes: dict[str, datetime], state: State) -> None:
    found = standing(progress, **changes)

    assert found.state(NOW + SECOND) is state
    assert found.is_over(NOW + SECOND) == (state in (State.DONE, State.EXPIRED))


def test_the_time_left_is_that_of_the_accounts_left_at_the_rate_of_now() -> None:
    running = standing(replace(paged_at(0, 1), unreachable=100))

    assert running.rate(NOW + SECOND) == 50
    assert running.left_s(NOW + SECOND) == (1_000 - 100 - 100) / 50
    assert standing(replace(running.progress, sent=2_000)).left_s(NOW + SECOND) == 0
    assert standing(replace(running.progress, total=None)).left_s(NOW + SECOND) is None
    assert standing(running.progress, paused_at=NOW).left_s(NOW + SECOND) is None
    assert standing(START).left_s(NOW + SECOND) is None
