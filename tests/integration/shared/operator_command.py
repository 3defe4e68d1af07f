"""`gatepost …` as an operator runs it: a process of its own that is told where Kafka is and nothing else."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    out: str
    err: str
    code: int | None


async def gatepost(kafka: str, *words: str) -> Answer:
    env = {"PATH": os.environ["PATH"], "GATEPOST_KAFKA": kafka}
    command = (sys.executable, "-m", "services.gatepost", *words)
    process = await asyncio.create_subprocess_exec(*command, env=env, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    return Answer(out.decode(), err.decode(), process.returncode)
