"""How announcements come along: a line or JSON for each, and while they are watched bars on a terminal."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Final, Never
from uuid import UUID

from tqdm import tqdm

from services.auth.domain.announcement import Standing

LINE_EVERY_S: Final = 5.0

Tell = Callable[[list[Standing], datetime], None]


def as_line(standing: Standing, now: datetime) -> str:
    announcement, progress, rate = standing.announcement, standing.progress, standing.rate(now)
    about = f"{announcement.id}  {announcement.region:<12} {announcement.kind:<14} {announcement.at:%Y-%m-%d %H:%M} UTC"
    total = "?" if progress.total is None else f"{progress.total:,}"
    came = f"{standing.state(now):<8} {progress.sent:,}/{total} sent, {progress.unreachable:,} without usable address"
    return f"{about}  {came}, {_speed(rate, announcement.pace)}{_left(standing.left_s(now))}"


def _speed(rate: float | None, pace: int) -> str:
    return f"at most {pace:,}/s" if rate is None else f"{rate:,.1f}/s of at most {pace:,}/s"


def _left(left_s: float | None) -> str:
    return "" if left_s is None else f", {timedelta(seconds=round(left_s))} left"


def as_json(standing: Standing, now: datetime) -> str:
    """On one line; times as ISO 8601, rates in notices a second."""
    announcement, progress = standing.announcement, standing.progress
    shown = {
        "announcement_id": announcement.id,
        "region": announcement.region,
        "kind": announcement.kind,
        "at": announcement.at,
        "until": announcement.until,
        "time_zone": announcement.time_zone,
        "expires_at": announcement.expires_at,
        "state": standing.state(now),
        "sent": progress.sent,
        "total": progress.total,
        "unreachable": progress.unreachable,
        "pace": announcement.pace,
        "rate": standing.rate(now),
        "eta_s": standing.left_s(now),
        "received_at": announcement.received_at,
        "started_at": progress.started_at,
        "finished_at": progress.finished_at,
    }
    return json.dumps(shown, default=lambda value: value.isoformat() if isinstance(value, datetime) else str(value))


@contextmanager
def display(watched: list[Standing]) -> Iterator[Tell]:
    """A bar for each on a terminal, else a line for each every few seconds. On standard error, both."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    with ExitStack() as stack:
        bars: dict[UUID, tqdm[Never]] = {
            standing.announcement.id: stack.enter_context(_bar(standing, place))
            for place, standing in enumerate(watched)
        }

        def tell(standings: list[Standing], now: datetime) -> None:
            for standing in standings:
                _move(bars[standing.announcement.id], standing, now)

        yield tell


def _bar(standing: Standing, place: int) -> "tqdm[Never]":
    announcement, progress = standing.announcement, standing.progress
    about = f"{announcement.region} {announcement.kind}"
    done = progress.sent + progress.unreachable
    return tqdm(total=progress.total, initial=done, desc=about, unit="", position=place, file=sys.stderr)


def _move(bar: "tqdm[Never]", standing: Standing, now: datetime) -> None:
    progress = standing.progress
    bar.total = progress.total
    bar.set_postfix(state=standing.state(now).value, unreachable=progress.unreachable, refresh=False)
    bar.update(progress.sent + progress.unreachable - bar.n)
    bar.refresh()


def _lines() -> Tell:
    next_at = time.monotonic()

    def tell(standings: list[Standing], now: datetime) -> None:
        nonlocal next_at
        if time.monotonic() < next_at:
            return
        next_at = time.monotonic() + LINE_EVERY_S
        for standing in standings:
            print(as_line(standing, now), file=sys.stderr)  # noqa: T201 - a command's progress

    return tell
