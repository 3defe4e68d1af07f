"""`gatepost audit …` on a real rollout whose database somebody writes into by hand."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.rollout.cli.audit_pages import PAGE
from tests.integration.rollout.commands import Desk
from tests.integration.rollout.instance import OFF, Rollout, new_name

MORE_THAN_A_PAGE = PAGE + 10


@pytest.fixture(scope="module")
async def desk(rollout: Rollout) -> Desk:
    """Of a rollout whose audit is longer than a page."""
    name = new_name()
    await rollout.create(name)
    for version in range(1, MORE_THAN_A_PAGE):
        assert (await rollout.change(name, version, OFF)).status == 200
    return Desk(rollout.process.url)


@pytest.fixture
async def by_hand(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """As the owner of the table, whom its trigger does not stop. Whatever is done is undone."""
    connection = await asyncpg.connect(postgres_url)
    rows = await connection.fetch("SELECT * FROM audit ORDER BY number")
    await connection.execute("ALTER TABLE audit DISABLE TRIGGER USER")
    yield connection
    await connection.execute("TRUNCATE audit")
    await connection.copy_records_to_table("audit", records=[tuple(row.values()) for row in rows])
    await connection.execute("ALTER TABLE audit ENABLE TRIGGER USER")
    await connection.close()


async def test_an_audit_that_nobody_touched_holds_and_names_its_newest_entry(desk: Desk) -> None:
    found = await desk.json("viewer", "audit", "verify")
    assert (found["holds"], found["broken"], found["head"]["number"]) == (True, None, MORE_THAN_A_PAGE)
    noted = f"{found['head']['number']}:{found['head']['hash']}"
    told = await desk.run("viewer", "audit", "verify", "--head", noted)
    assert (told.code, told.out) == (0, f"{MORE_THAN_A_PAGE} entries hold. Newest: {noted}\n")


async def test_the_newest_are_listed(desk: Desk) -> None:
    listed = (await desk.json("viewer", "audit", "list", "--limit", "3"))["entries"]
    assert [entry["number"] for entry in listed] == [MORE_THAN_A_PAGE - 2, MORE_THAN_A_PAGE - 1, MORE_THAN_A_PAGE]
    first = (await desk.json("viewer", "audit", "list", "--region", listed[0]["region"], "--limit", "200"))["entries"]
    assert len(first) == 200
    assert (await desk.json("viewer", "audit", "list", "--region", "elsewhere"))["entries"] == []
    assert "change-applied" in (await desk.run("viewer", "audit", "list")).out


@pytest.mark.parametrize(
    ("tampering", "number"),
    [
        ("UPDATE audit SET actor = 'somebody-else' WHERE number = 7", 7),
        ("DELETE FROM audit WHERE number = 502", 502),
        (f"DELETE FROM audit WHERE number = {MORE_THAN_A_PAGE}", MORE_THAN_A_PAGE),
        ("UPDATE audit SET number = CASE number WHEN 7 THEN -8 ELSE -7 END WHERE number IN (7, 8)", 7),
    ],
)
async def test_an_entry_that_was_edited_removed_or_moved_is_found(
    desk: Desk, by_hand: asyncpg.Connection, tampering: str, number: int
) -> None:
    await by_hand.execute(tampering)
    await by_hand.execute("UPDATE audit SET number = -number WHERE number < 0")
    found = await desk.json("viewer", "audit", "verify", code=8)
    assert (found["holds"], found["broken"]["number"]) == (False, number)
    told = await desk.run("viewer", "audit", "verify")
    assert (told.code, told.out) == (8, "")
    assert f"does not hold at entry {number}" in told.err


async def test_an_entry_that_was_written_down_and_is_another_now_is_found(desk: Desk) -> None:
    assert (await desk.run("viewer", "audit", "verify", "--head", f"7:{'0' * 64}")).code == 8
    assert (await desk.run("viewer", "audit", "verify", "--head", f"{MORE_THAN_A_PAGE + 1}:{'0' * 64}")).code == 8
    assert (await desk.run("viewer", "audit", "verify", "--head", "7")).code == 2


async def test_what_is_exported_can_be_verified_without_rollout(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    exported = await desk.json("viewer", "audit", "export", "--out", str(file))
    plain = await desk.run("viewer", "audit", "export")
    assert plain.out == file.read_text()
    assert f"{exported['head']['number']}:{exported['head']['hash']}" in plain.err
    assert os.listdir(tmp_path) == [file.name]

    nobody = Desk("http://127.0.0.1:1")
    assert (await nobody.json("viewer", "audit", "verify", "--file", str(file)))["head"] == exported["head"]
    lines = file.read_text().splitlines(keepends=True)
    for broken in (lines[1:], [lines[1], lines[0], *lines[2:]], [*lines[:3], "{}\n"], ["no json\n"]):
        file.write_text("".join(broken))
        assert (await nobody.run("viewer", "audit", "verify", "--file", str(file))).code == 8
    cut = "".join(lines[:-1])
    file.write_text(cut)
    noted = f"{exported['head']['number']}:{exported['head']['hash']}"
    assert (await nobody.run("viewer", "audit", "verify", "--file", str(file))).code == 0  # who knows of the last?
    assert (await nobody.run("viewer", "audit", "verify", "--file", str(file), "--head", noted)).code == 8
    assert json.loads(lines[0])["number"] == 1


async def test_a_file_that_cannot_be_read_or_written_is_the_callers_mistake(desk: Desk, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone" / "audit.jsonl")
    assert (await desk.run("viewer", "audit", "verify", "--file", gone)).code == 2
    assert (await desk.run("viewer", "audit", "export", "--out", gone)).code == 2
