"""`gatepost accounts import FILE.jsonl [--report BAD.jsonl]`."""

import argparse
import asyncio
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Final, Never, TextIO
from uuid import uuid4

from services.auth.adapters.password_hashes import PasswordHashes
from services.auth.adapters.postgres_imports import PostgresImports
from services.auth.commands.import_display import display
from services.auth.domain.account_import import ImportProgress
from services.auth.domain.audit import COMMAND_LINE
from services.auth.settings import ImportSettings
from services.auth.use_cases.import_accounts import ImportAccounts, ImportOvertaken
from shared.postgres import postgres_engine
from shared.settings import read
from shared.unavailable import DependencyUnavailable

CHUNK_BYTES: Final = 262_144
PAGE: Final = 1_000
BAD_LINES: Final = 1


def main(arguments: list[str]) -> None:
    """Ends the process with 1 when lines were bad, with 75 (EX_TEMPFAIL) when the same command should be run again."""
    parser = argparse.ArgumentParser(prog="gatepost accounts import")
    parser.add_argument("file", type=Path, help="JSON lines; a file with the same content goes on where it was left")
    parser.add_argument("--report", type=Path, help="where the bad lines go: JSON lines of number and field names")
    given = parser.parse_args(arguments)
    settings = read(ImportSettings)
    try:
        with given.file.open("rb") as file, _report(given.report) as report:
            done = asyncio.run(_import(file, settings, report))
    except OSError as error:
        parser.error(str(error))
    except (DependencyUnavailable, KeyboardInterrupt) as stopped:
        _stop(str(stopped) or "interrupted")
    if isinstance(done, ImportOvertaken):
        _stop("another import of this file goes on")
    print(f"{done.added} added, {done.present} present, {done.bad} bad")  # noqa: T201 - a command's answer
    raise SystemExit(BAD_LINES if done.bad else 0)


def _stop(why: str) -> Never:
    print(f"Stopped: {why}. What was done is kept: the same command goes on there.", file=sys.stderr)  # noqa: T201
    raise SystemExit(os.EX_TEMPFAIL)


@contextmanager
def _report(path: Path | None) -> Iterator[TextIO]:
    """Opened before anything is done: a path that cannot be written is told at once."""
    if path is None:
        yield sys.stderr
    else:
        with path.open("w") as file:
            yield file


async def _import(file: BufferedReader, settings: ImportSettings, report: TextIO) -> ImportProgress | ImportOvertaken:
    import_id = hashlib.file_digest(file, "sha256").hexdigest()
    size = file.tell()
    file.seek(0)
    async with _parts(settings) as (imports, importing):
        with display(size) as tell:
            done = await importing(import_id, COMMAND_LINE, _chunks(file), tell)
        await _write_problems(imports, import_id, report)
    return done


@asynccontextmanager
async def _parts(settings: ImportSettings) -> AsyncIterator[tuple[PostgresImports, ImportAccounts]]:
    engine = postgres_engine(settings.database_url, autocommit=True)
    passwords = PasswordHashes(settings)
    imports = PostgresImports(engine)
    now = partial(datetime.now, UTC)
    yield imports, ImportAccounts(imports, passwords, uuid4, now, hash_at_once=settings.argon2_workers)
    passwords.close()
    await engine.dispose()


async def _chunks(file: BufferedReader) -> AsyncIterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


async def _write_problems(imports: PostgresImports, import_id: str, report: TextIO) -> None:
    """All of them, those of an earlier run as well."""
    line = 0
    while page := await imports.problems(import_id, line, PAGE):
        report.writelines(json.dumps({"line": bad.line, "fields": bad.fields}) + "\n" for bad in page)
        line = page[-1].line
