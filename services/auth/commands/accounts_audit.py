"""`gatepost accounts audit [--since TIME] [--account ID]`: JSON lines on standard output, the oldest entry first."""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, TextIO
from uuid import UUID

from services.auth.adapters.postgres_audit import PostgresAudit
from shared.postgres import postgres_engine
from shared.settings import DatabaseSettings, read
from shared.unavailable import DependencyUnavailable

PAGE: Final = 1_000


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="gatepost accounts audit")
    parser.add_argument("--since", type=_moment, help="entries from this time on: ISO 8601 with its offset")
    parser.add_argument("--account", type=UUID, help="entries about this account only")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(_export(sys.stdout, str(read(DatabaseSettings).database_url), given.account, given.since))
        sys.stdout.flush()
    except DependencyUnavailable as missing:
        print(f"Stopped: {missing}", file=sys.stderr)  # noqa: T201 - a command's answer
        raise SystemExit(os.EX_TEMPFAIL) from None
    except BrokenPipeError:  # whoever read has seen enough; Python would complain at its exit once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without an offset it says no moment")
    return moment


async def _export(out: TextIO, database_url: str, account_id: UUID | None, since: datetime | None) -> None:
    engine = postgres_engine(database_url, autocommit=True)
    try:
        audit, last = PostgresAudit(engine), 0
        while page := await audit.page(last, PAGE, account_id, since):
            out.writelines(json.dumps(asdict(record), default=_as_text, ensure_ascii=False) + "\n" for record in page)
            last = page[-1].id
    finally:
        await engine.dispose()


def _as_text(value: Any) -> str:
    """Times as ISO 8601, ids as they are written."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
