"""`gatepost announcements …` on a real PostgreSQL."""

import asyncio
import json
import os
import termios
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_announcements import PostgresAnnouncements
from services.auth.adapters.tables import announcements, audit
from services.auth.domain.announcement import Announcement, Progress
from shared.postgres import migrate, postgres_engine
from tests.integration.auth.commands import Ended, gatepost, started
from tests.integration.auth.conftest import MIGRATIONS
from tests.unit.auth.fake_announcements import announcement

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
async def url(postgres_url: str) -> str:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    return postgres_url


@pytest.fixture(scope="module")
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    made = postgres_engine(url, autocommit=True)
    yield made
    await made.dispose()


@pytest.fixture
async def store(engine: AsyncEngine) -> PostgresAnnouncements:
    """An empty one."""
    async with engine.connect() as connection:
        await connection.execute(announcements.delete())
    return PostgresAnnouncements(engine)


async def announced(store: PostgresAnnouncements, **changes: Any) -> Announcement:
    now = datetime.now(UTC)
    made = announcement(uuid4(), **({"received_at": now, "expires_at": now + timedelta(days=1)} | changes))
    await store.add(made)
    return made


async def come_to(store: PostgresAnnouncements, of: Announcement, **changes: Any) -> None:
    now = datetime.now(UTC)
    standing = await store.find(of.id)
    assert standing is not None
    async with store.turn(max(now, standing.progress.next_at)) as turn:
        assert turn is not None
        assert turn.standing.announcement.id == of.id
        await turn.save(replace(Progress(next_at=now, started_at=now, paged_at=now), **changes))


async def listed(url: str, *words: str) -> list[dict[str, Any]]:
    ended = await gatepost(url, "announcements", *words, "--json")
    assert (ended.code, ended.err) == (0, "")
    return [json.loads(line) for line in ended.out.splitlines()]


async def test_a_status_says_how_many_of_how_many_how_fast_and_how_long_still(
    url: str, store: PostgresAnnouncements
) -> None:
    made = await announced(store)
    await come_to(store, made, total=4_000, sent=1_200, unreachable=300, rate=50.0)
    (shown,) = await listed(url, "status", str(made.id))

    assert shown["announcement_id"] == str(made.id)
    assert (shown["region"], shown["kind"], shown["time_zone"]) == ("emea", "advance-notice", "Europe/Berlin")
    assert datetime.fromisoformat(shown["at"]) == made.at
    assert (shown["state"], shown["sent"], shown["total"], shown["unreachable"]) == ("running", 1_200, 4_000, 300)
    assert (shown["pace"], shown["rate"], shown["eta_s"]) == (50, 50.0, 50.0)
    line = (await gatepost(url, "announcements", "status")).out
    assert str(made.id) in line
    assert "running  1,200/4,000 sent, 300 without usable address, 50.0/s of at most 50/s, 0:00:50 left" in line


async def test_the_list_has_all_and_a_status_without_id_those_that_are_not_over(
    url: str, store: PostgresAnnouncements
) -> None:
    now = datetime.now(UTC)
    done = await announced(store, received_at=now - 3 * SECOND)
    await come_to(store, done, total=None, finished_at=now)
    expired = await announced(store, received_at=now - 2 * SECOND, expires_at=now)
    waiting = await announced(store, received_at=now - SECOND)

    assert [(each["announcement_id"], each["state"]) for each in await listed(url, "list")] == [
        (str(waiting.id), "waiting"), (str(expired.id), "expired"), (str(done.id), "done"),
    ]  # fmt: skip
    assert [each["announcement_id"] for each in await listed(url, "status")] == [str(waiting.id)]
    assert len((await gatepost(url, "announcements", "list")).out.splitlines()) == 3


async def test_it_is_paused_paced_and_resumed_by_command_and_each_is_audited(
    url: str, engine: AsyncEngine, store: PostgresAnnouncements
) -> None:
    made = await announced(store)
    paused = await gatepost(url, "announcements", "pause", str(made.id))
    assert (paused.code, paused.err) == (0, "")
    assert "paused" in paused.out
    async with store.turn(datetime.now(UTC) + SECOND) as turn:
        assert turn is None
    assert "at most 200/s" in (await gatepost(url, "announcements", "pace", str(made.id), "200")).out
    assert "waiting" in (await gatepost(url, "announcements", "resume", str(made.id))).out
    async with store.turn(datetime.now(UTC) + SECOND) as turn:
        assert turn is not None
        assert turn.standing.announcement.pace == 200

    async with engine.connect() as connection:
        mine = audit.c.detail["announcement_id"].astext == str(made.id)
        entries = (await connection.execute(sa.select(audit).where(mine).order_by(audit.c.id))).all()
    assert [(entry.actor, entry.action) for entry in entries] == [
        ("cli", "announcement-paused"), ("cli", "announcement-paced"), ("cli", "announcement-resumed"),
    ]  # fmt: skip


async def refusal(url: str, *words: str) -> Ended:
    ended = await gatepost(url, "announcements", *words)
    assert ended.code == 2
    assert "Traceback" not in ended.err
    return ended


async def test_what_cannot_be_done_is_refused_in_a_line(url: str, store: PostgresAnnouncements) -> None:
    unknown, over = str(uuid4()), await announced(store, expires_at=datetime.now(UTC))

    assert "unknown" in (await refusal(url, "status", unknown)).err
    assert "unknown" in (await refusal(url, "pause", unknown)).err
    assert "over" in (await refusal(url, "resume", str(over.id))).err
    for pace in ("0", "10001", "fast"):
        await refusal(url, "pace", str(over.id), pace)
    await refusal(url, "pause", "kim")


async def test_without_a_database_the_command_says_so(url: str) -> None:
    ended = await gatepost("postgresql://postgres@127.0.0.1:1/auth", "announcements", "list")

    assert (ended.code, ended.out) == (os.EX_TEMPFAIL, "")
    assert "postgres is unavailable" in ended.err
    assert "Traceback" not in ended.err


async def test_whoever_watches_sees_a_bar_on_a_terminal_until_it_is_over(
    url: str, store: PostgresAnnouncements
) -> None:
    made = await announced(store)
    await come_to(store, made, total=100, sent=50)
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 140))
    process = await started(url, "announcements", "status", str(made.id), "--watch", stderr=theirs)
    os.close(theirs)
    shown = await asyncio.to_thread(os.read, ours, 4_096)
    await come_to(store, made, total=100, sent=98, unreachable=2, finished_at=datetime.now(UTC))
    out, _ = await process.communicate()
    shown += os.read(ours, 65_536)
    os.close(ours)

    assert "emea advance-notice:  50%" in shown.decode()
    assert "emea advance-notice: 100%" in shown.decode()
    assert "98/100 sent" in out.decode()
    assert process.returncode == 0


async def test_a_watch_that_is_no_terminal_gets_lines(url: str, store: PostgresAnnouncements) -> None:
    made = await announced(store)
    process = await started(url, "announcements", "status", "--watch", "--json")
    assert process.stderr is not None
    assert str(made.id) in (await process.stderr.readline()).decode()
    await come_to(store, made, total=1, sent=1, finished_at=datetime.now(UTC))
    out, _ = await process.communicate()

    assert UUID(json.loads(out)["announcement_id"]) == made.id
    assert json.loads(out)["state"] == "done"
