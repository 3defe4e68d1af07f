"""`announcements list`, `… status [ID] [--watch]`, `… pause ID`, `… resume ID`, `… pace ID N`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from services.auth.adapters.postgres_announcements import PostgresAnnouncements
from services.auth.commands.announcement_display import as_json, as_line, display
from services.auth.domain.announcement import MOST_PACE, Standing
from services.auth.domain.audit import COMMAND_LINE
from services.auth.use_cases.control_announcement import ControlAnnouncement, NotControlled
from shared.postgres import postgres_engine
from shared.settings import DatabaseSettings, read
from shared.unavailable import DependencyUnavailable

T = TypeVar("T")

LOOK_EVERY_S: Final = 1.0
now = partial(datetime.now, UTC)


def show(arguments: list[str]) -> None:
    """`announcements list`: the newest 100, newest first."""
    parser = _parser("list", "What people are told, and were.")
    parser.add_argument("--json", action="store_true", help="JSON lines")
    as_text = as_json if parser.parse_args(arguments).json else as_line
    for standing in _with_store(lambda store: store.newest()):
        _say(as_text(standing, now()))


def status(arguments: list[str]) -> None:
    parser = _parser("status", "How far an announcement has come; without ID, all that are not over.")
    parser.add_argument("id", type=UUID, nargs="?", metavar="ID", help="as `announcements list` shows it")
    parser.add_argument("--json", action="store_true", help="JSON lines")
    parser.add_argument("--watch", action="store_true", help="until they are over")
    given = parser.parse_args(arguments)
    found = _with_store(lambda store: _asked_for(store, given.id))
    if given.id is not None and not found:
        parser.error(f"{given.id} is unknown")
    if given.watch:
        _with_store(lambda store: _watch(store, found))
        found = _with_store(lambda store: _again(store, found))
    as_text = as_json if given.json else as_line
    for standing in found:
        _say(as_text(standing, now()))


def pause(arguments: list[str]) -> None:
    parser = _parser("pause", "Tell nobody else until it is resumed; felt within a second or two.")
    given = _about_one(parser).parse_args(arguments)
    _control(parser, lambda control: control.pause(given.id, COMMAND_LINE))


def resume(arguments: list[str]) -> None:
    parser = _parser("resume", "Go on where it was paused.")
    given = _about_one(parser).parse_args(arguments)
    _control(parser, lambda control: control.resume(given.id, COMMAND_LINE))


def pace(arguments: list[str]) -> None:
    parser = _about_one(_parser("pace", "Another pace, also while it is under way; felt within a second or two."))
    parser.add_argument("pace", type=int, metavar="N", help=f"notices a second, 1 to {MOST_PACE}")
    given = parser.parse_args(arguments)
    _control(parser, lambda control: control.set_pace(given.id, given.pace, COMMAND_LINE))


def _parser(verb: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"gatepost announcements {verb}", description=description)


def _about_one(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("id", type=UUID, metavar="ID", help="as `announcements list` shows it")
    return parser


def _control(
    parser: argparse.ArgumentParser, change: Callable[[ControlAnnouncement], Awaitable[Standing | NotControlled]]
) -> None:
    result = _with_store(lambda store: change(ControlAnnouncement(store, now)))
    if isinstance(result, NotControlled):
        parser.error(f"nothing was changed: {result}")
    _say(as_line(result, now()))


async def _asked_for(store: PostgresAnnouncements, announcement_id: UUID | None) -> list[Standing]:
    if announcement_id is not None:
        found = await store.find(announcement_id)
        return [found] if found else []
    return [standing for standing in await store.newest() if not standing.is_over(now())]


async def _again(store: PostgresAnnouncements, earlier: list[Standing]) -> list[Standing]:
    """How they stand by now; one that was deleted meanwhile is left out."""
    found = [await store.find(standing.announcement.id) for standing in earlier]
    return [standing for standing in found if standing is not None]


async def _watch(store: PostgresAnnouncements, watched: list[Standing]) -> None:
    with display(watched) as tell:
        while any(not standing.is_over(now()) for standing in watched):
            await asyncio.sleep(LOOK_EVERY_S)
            watched = await _again(store, watched)
            tell(watched, now())


def _with_store(call: Callable[[PostgresAnnouncements], Awaitable[T]]) -> T:
    async def run() -> T:
        engine = postgres_engine(read(DatabaseSettings).database_url, autocommit=True)
        try:
            return await call(PostgresAnnouncements(engine))
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except DependencyUnavailable as missing:
        print(f"Stopped: {missing}", file=sys.stderr)  # noqa: T201 - a command's answer
        raise SystemExit(os.EX_TEMPFAIL) from None
    except KeyboardInterrupt:  # who watched has seen enough
        raise SystemExit(130) from None


def _say(line: str) -> None:
    print(line)  # noqa: T201 - a command's answer
