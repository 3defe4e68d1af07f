"""`gatepost …` as an operator runs it: a process of its own that is told nothing but the database."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def environment(database_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEPOST_")}
    cheap = {"GATEPOST_ARGON2_MEMORY_KIB": "64", "GATEPOST_ARGON2_TIME_COST": "1"}
    return {**kept, **cheap, "GATEPOST_DATABASE_URL": database_url}


async def started(database_url: str, *words: str, **streams: Any) -> Process:
    command = (sys.executable, "-m", "services.gatepost", *words)
    return await asyncio.create_subprocess_exec(
        *command, env=environment(database_url), **{"stdout": PIPE, "stderr": PIPE, **streams}
    )


async def gatepost(database_url: str, *words: str) -> Ended:
    process = await started(database_url, *words)
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
