"""`python -m services.auth serve|migrate|import-accounts FILE.jsonl|keys-rotate|keys-list|keys-withdraw KID`."""

import argparse
import asyncio
import sys
from collections import Counter
from pathlib import Path
from uuid import uuid4

from services.auth.adapters.password_hashes import PasswordHashes
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.app import build
from services.auth.commands import keys
from services.auth.settings import AuthSettings, ImportSettings
from services.auth.use_cases.import_accounts import ImportAccounts, LineResult
from shared.postgres import migrate, postgres_engine
from shared.service_main import serve_command, service_main
from shared.settings import DatabaseSettings, read

MIGRATIONS = Path(__file__).parent / "migrations"


def _serve(_: list[str]) -> None:
    serve_command("auth", read(AuthSettings), build)


def _migrate(_: list[str]) -> None:
    migrate(MIGRATIONS, read(DatabaseSettings).database_url)


def _import_accounts(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m services.auth import-accounts")
    parser.add_argument("file", type=Path, help="JSON lines; `-` is not taken: a bad line is named by its number")
    file: Path = parser.parse_args(arguments).file
    counts = asyncio.run(_import(file, read(ImportSettings)))
    print(", ".join(f"{counts[result]} {result}" for result in LineResult))  # noqa: T201 - a command's answer
    raise SystemExit(1 if counts[LineResult.BAD] else 0)


async def _import(file: Path, settings: ImportSettings) -> Counter[LineResult]:
    engine = postgres_engine(settings.database_url, autocommit=True)
    passwords = PasswordHashes(settings)
    counts: Counter[LineResult] = Counter()
    with file.open("rb") as lines:
        async for imported in ImportAccounts(PostgresAccounts(engine), passwords, uuid4)(lines):
            counts[imported.result] += 1
            if imported.result is LineResult.BAD:
                print(f"line {imported.line}: {', '.join(imported.fields)}", file=sys.stderr)  # noqa: T201
    passwords.close()
    await engine.dispose()
    return counts


if __name__ == "__main__":
    service_main(
        "auth",
        {
            "serve": _serve,
            "migrate": _migrate,
            "import-accounts": _import_accounts,
            "keys-rotate": keys.rotate,
            "keys-list": keys.show,
            "keys-withdraw": keys.withdraw,
        },
    )
