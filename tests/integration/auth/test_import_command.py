"""`gatepost accounts import` on a real PostgreSQL, up to 100,000 accounts and a kill in the middle."""

import asyncio
import json
import os
import sys
import termios
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.tables import account_imports, accounts, audit
from shared.postgres import migrate, postgres_engine
from tests.integration.auth.commands import gatepost, started
from tests.integration.auth.conftest import MIGRATIONS
from tests.wait_until import wait_until

HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("right")
LINES = 100_000
BAD = {1 + 1_999 * number for number in range(50)}
MISTAKES: tuple[tuple[dict[str, object], list[str]], ...] = (
    ({"email": "canary-at-customer.example"}, ["email"]),
    ({"region": "EMEA"}, ["region"]),
    ({"password": "canary"}, ["password_hash"]),
    ({"canary": 1}, ["unknown-field"]),
    ({"password_hash": "$2b$31$" + "A" * 53, "status": "gone"}, ["password_hash", "status"]),
)


@pytest.fixture(scope="module")
async def url(postgres_url: str) -> str:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    return postgres_url


@pytest.fixture(scope="module")
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    made = postgres_engine(url, autocommit=True)
    yield made
    await made.dispose()


def person(name: str, **changes: object) -> dict[str, object]:
    return {"username": name, "password_hash": HASH, "email": f"{name}@customer.example", "region": "emea", **changes}


def write(file: Path, people: Iterable[dict[str, object]]) -> None:
    with file.open("w") as lines:
        lines.writelines(json.dumps(each) + "\n" for each in people)


def mistake(line: int) -> tuple[dict[str, object], list[str]]:
    return MISTAKES[line % len(MISTAKES)]


async def lines_done(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return await connection.scalar(sa.select(sa.func.max(account_imports.c.lines_done))) or 0


async def count(engine: AsyncEngine, prefix: str) -> int:
    async with engine.connect() as connection:
        chosen = sa.select(sa.func.count()).where(accounts.c.username_key.startswith(prefix))
        return await connection.scalar(chosen) or 0


async def test_100_000_accounts_killed_in_the_middle_and_resumed(
    url: str, engine: AsyncEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, report = tmp_path / "many.jsonl", tmp_path / "bad.jsonl"
    write(file, (person(f"many-{line}", **(mistake(line)[0] if line in BAD else {})) for line in range(1, LINES + 1)))

    killed = await started(url, "accounts", "import", str(file))
    await wait_until(lambda: _beyond(engine, LINES // 4), 60)
    killed.kill()
    await killed.communicate()
    done = await lines_done(engine)
    assert LINES // 4 <= done < LINES

    began = time.monotonic()
    resumed = await gatepost(url, "accounts", "import", str(file), "--report", str(report))
    took = time.monotonic() - began
    with capsys.disabled():
        pace = f"{LINES - done:,} accounts in {took:.1f} s, start included: {(LINES - done) / took:,.0f}/s"
        sys.stdout.write(f"\n{pace}\n")

    assert (resumed.code, resumed.out) == (1, "99950 added, 0 present, 50 bad\n")
    expected = [{"line": line, "fields": mistake(line)[1]} for line in sorted(BAD)]
    assert [json.loads(line) for line in report.read_text().splitlines()] == expected
    assert "canary" not in report.read_text() + resumed.err
    assert await count(engine, "many-") == LINES - 50
    assert (LINES - done) / took >= 2_000
    again = await gatepost(url, "accounts", "import", str(file), "--report", str(report))
    assert again.out == resumed.out
    assert len(report.read_text().splitlines()) == 50
    async with engine.connect() as connection:
        ends = (await connection.execute(sa.select(audit).where(audit.c.action == "accounts-imported"))).all()
        begun = (await connection.execute(sa.select(audit).where(audit.c.action == "import-begun"))).all()
    assert [(end.actor, end.detail["lines"], end.detail["bad"]) for end in ends] == [("cli", LINES, 50)]
    (first, second) = begun  # the third one found nothing to do
    assert (first.actor, first.detail["from_line"], second.actor) == ("cli", 0, "cli")
    assert second.detail["from_line"] >= done


async def _beyond(engine: AsyncEngine, lines: int) -> bool:
    return await lines_done(engine) >= lines


async def test_passwords_are_hashed_and_a_file_without_bad_lines_ends_well(
    url: str, engine: AsyncEngine, tmp_path: Path
) -> None:
    file = tmp_path / "passwords.jsonl"
    write(file, [person(f"plain-{n}", password=f"canary-{n}", password_hash=None) for n in range(120)])
    ended = await gatepost(url, "accounts", "import", str(file))

    assert (ended.code, ended.out, ended.err) == (0, "120 added, 0 present, 0 bad\n", "")
    async with engine.connect() as connection:
        stored = await connection.scalar(sa.select(accounts.c.password_hash).where(accounts.c.username == "plain-7"))
    assert PasswordHasher().verify(stored or "", "canary-7")


async def test_without_a_report_the_bad_lines_are_told(url: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    write(file, [person("told-1"), person("told-2", email="canary")])
    ended = await gatepost(url, "accounts", "import", str(file))

    assert (ended.code, ended.out) == (1, "1 added, 0 present, 1 bad\n")
    assert json.loads(ended.err) == {"line": 2, "fields": ["email"]}


async def test_on_a_terminal_there_is_a_bar(url: str, tmp_path: Path) -> None:
    file = tmp_path / "bar.jsonl"
    write(file, [person(f"bar-{n}") for n in range(1_500)])
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    process = await started(url, "accounts", "import", str(file), stderr=theirs)
    os.close(theirs)
    out, _ = await process.communicate()
    shown = os.read(ours, 65_536).decode()
    os.close(ours)

    assert out.decode() == "1500 added, 0 present, 0 bad\n"
    assert "accounts: 100%" in shown
    assert "added=1500" in shown


async def test_what_is_not_there_is_told_in_a_line_and_not_in_a_traceback(url: str, tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    write(file, [person("one")])
    no_file = await gatepost(url, "accounts", "import", str(tmp_path / "none.jsonl"))
    no_report = await gatepost(url, "accounts", "import", str(file), "--report", str(tmp_path / "no" / "bad.jsonl"))
    no_database = await gatepost("postgresql://postgres@127.0.0.1:1/auth", "accounts", "import", str(file))

    assert (no_file.code, no_report.code, no_database.code) == (2, 2, os.EX_TEMPFAIL)
    assert "postgres is unavailable" in no_database.err
    assert "Traceback" not in no_file.err + no_report.err + no_database.err


@pytest.mark.parametrize(
    ("words", "code", "offered"),
    [
        ((), 2, "accounts"),
        (("accounts",), 2, "import"),
        (("accounts", "eat"), 2, "gatepost accounts"),
        (("--help",), 0, "accounts"),
    ],
)
async def test_a_command_that_is_not_offered_is_answered_with_those_that_are(
    url: str, words: tuple[str, ...], code: int, offered: str
) -> None:
    ended = await gatepost(url, *words)

    assert ended.code == code
    assert offered in ended.out + ended.err
