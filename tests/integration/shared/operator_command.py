"""`gatepost …` as an operator runs it: a process of its own that is told what it needs and nothing else."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    out: str
    err: str
    code: int | None


async def gatepost(kafka: str, *words: str) -> Answer:
    """One that is told where Kafka is."""
    return await gatepost_told({"GATEPOST_KAFKA": kafka}, *words)


async def gatepost_told(settings: dict[str, str], *words: str, typed: str = "") -> Answer:
    """`typed`: all that standard input has."""
    env = {"PATH": os.environ["PATH"], **settings}
    command = (sys.executable, "-m", "services.gatepost", *words)
    process = await asyncio.create_subprocess_exec(*command, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate(typed.encode())
    return Answer(out.decode(), err.decode(), process.returncode)
